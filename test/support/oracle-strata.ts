import type { Member, Rewrite, Schema } from "../../src/model/schema.ts";

/** 0 for members that subtract nothing, one more than what they subtract for the others. */
export function strataOf(schema: Schema): Map<Member, number> {
  const strata = new Map(schema.members.map((member) => [member, 0]));
  const strataOfNamed = (type: string, name: string) => {
    const member = schema.definitions.get(type)?.members.get(name);
    return member === undefined ? 0 : (strata.get(member) ?? 0);
  };
  const height = (member: Member, rewrite: Rewrite): number => {
    switch (rewrite.kind) {
      case "union":
      case "intersection":
        return Math.max(0, ...rewrite.children.map((child) => height(member, child)));
      case "exclusion":
        return Math.max(height(member, rewrite.base), height(member, rewrite.subtract) + 1);
      case "computed":
        return strataOfNamed(member.type, rewrite.member);
      case "arrow": {
        const tupleset = schema.definitions.get(member.type)?.members.get(rewrite.tupleset);
        const allowed = tupleset?.kind === "relation" ? tupleset.allowed : [];
        return Math.max(0, ...allowed.map(({ type }) => strataOfNamed(type, rewrite.target)));
      }
      case "nil":
      case "self":
        return 0;
    }
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const member of schema.members) {
      const next =
        member.kind === "permission"
          ? height(member, member.rewrite)
          : Math.max(0, ...member.allowed.map(({ type, relation }) => strataOfNamed(type, relation)));
      if (next > schema.members.length) throw new Error(`${member.type}#${member.name} depends on its own negation`);
      if (next === strata.get(member)) continue;
      strata.set(member, next);
      changed = true;
    }
  }
  return strata;
}
