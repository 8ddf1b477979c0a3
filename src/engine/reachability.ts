import type { Member, Rewrite, Schema } from "../model/schema.ts";
import type { Strata } from "./strata.ts";
import { memberOf, tuplesetOf } from "./strata.ts";

/** The kind of subject a question asks about: a type, and a relation or "". */
export interface SubjectKind {
  readonly type: string;
  readonly relation: string;
}

/** Says of members and expressions whether a subject of one kind can be in them at all, whatever tuples are stored. */
export interface Reachability {
  member(id: number): boolean;
  /** @param type the definition the expression belongs to */
  rewrite(type: string, rewrite: Rewrite): boolean;
}

/**
 * Least fixpoint over the members, level by level. Where it says no the answer is "no member" and nothing needs to be
 * read; where it says yes only the tuples can tell.
 */
export function reachability(schema: Schema, strata: Strata, subject: SubjectKind): Reachability {
  const reached = new Uint8Array(schema.members.length);
  const reaches: Reachability = {
    member: (id) => reached[id] === 1,
    rewrite: (type, rewrite) => rewriteReached(schema, reaches, subject, type, rewrite),
  };
  for (const level of strata.members) {
    for (let changed = true; changed; ) {
      changed = false;
      for (const id of level) {
        const member = schema.members[id];
        if (member === undefined || reached[id] === 1 || !memberReached(schema, reaches, subject, member)) continue;
        reached[id] = 1;
        changed = true;
      }
    }
  }
  return reaches;
}

function memberReached(schema: Schema, reaches: Reachability, subject: SubjectKind, member: Member): boolean {
  if (member.type === subject.type && member.name === subject.relation) return true;
  if (member.kind === "permission") return reaches.rewrite(member.type, member.rewrite);
  return member.allowed.some((allowed) => {
    if (allowed.relation === "") return allowed.type === subject.type && subject.relation === "";
    const target = memberOf(schema, allowed.type, allowed.relation);
    return target !== undefined && reaches.member(target.id);
  });
}

function rewriteReached(
  schema: Schema,
  reaches: Reachability,
  subject: SubjectKind,
  type: string,
  rewrite: Rewrite,
): boolean {
  let base = rewrite;
  while (base.kind === "exclusion") base = base.base;
  switch (base.kind) {
    case "union":
      return base.children.some((child) => reaches.rewrite(type, child));
    case "intersection":
      return base.children.every((child) => reaches.rewrite(type, child));
    case "computed": {
      const target = memberOf(schema, type, base.member);
      return target !== undefined && reaches.member(target.id);
    }
    case "arrow": {
      const { target } = base;
      return tuplesetOf(schema, type, base.tupleset).allowed.some((allowed) => {
        const member = memberOf(schema, allowed.type, target);
        return member !== undefined && reaches.member(member.id);
      });
    }
    case "nil":
      return false;
    case "self":
      return subject.type === type && subject.relation === "";
  }
}
