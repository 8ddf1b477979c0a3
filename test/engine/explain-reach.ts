import type { Member, Rewrite, Schema } from "../../src/model/schema.ts";

/** Whether a kind of subject could be in a part of the schema, whatever tuples there are. Naive, by repetition. */
export interface Reach {
  member(type: string, name: string): boolean;
  rewrite(type: string, rewrite: Rewrite): boolean;
}

export function reachOf(schema: Schema, subject: { readonly type: string; readonly relation: string }): Reach {
  const reached = new Set<string>();
  const member = (type: string, name: string) => reached.has(`${type}#${name}`);
  const rewrite = (type: string, part: Rewrite): boolean => {
    switch (part.kind) {
      case "union":
        return part.children.some((child) => rewrite(type, child));
      case "intersection":
        return part.children.every((child) => rewrite(type, child));
      case "exclusion":
        return rewrite(type, part.base);
      case "computed":
        return member(type, part.member);
      case "arrow": {
        const tupleset = schema.definitions.get(type)?.members.get(part.tupleset);
        return tupleset?.kind === "relation" && tupleset.allowed.some((allowed) => member(allowed.type, part.target));
      }
      case "nil":
        return false;
      case "self":
        return subject.type === type && subject.relation === "";
    }
  };
  const holds = (one: Member): boolean => {
    if (one.type === subject.type && one.name === subject.relation) return true;
    if (one.kind === "permission") return rewrite(one.type, one.rewrite);
    return one.allowed.some((allowed) =>
      allowed.relation === ""
        ? allowed.type === subject.type && subject.relation === ""
        : member(allowed.type, allowed.relation),
    );
  };
  for (let size = -1; size !== reached.size; ) {
    size = reached.size;
    for (const one of schema.members) if (holds(one)) reached.add(`${one.type}#${one.name}`);
  }
  return { member, rewrite };
}
