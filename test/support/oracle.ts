import type { ObjectRef, SubjectRef } from "../../src/model/object.ts";
import type { Member, Rewrite, Schema } from "../../src/model/schema.ts";
import type { Tuple } from "../../src/model/tuple.ts";

/**
 * The naive answer to Check, as plain as possible and sharing nothing with the engine: for one subject, the truth of every
 * member of every object, by repeating all rules over all tuples until nothing changes, stratum by stratum.
 */
export interface Oracle {
  check(object: ObjectRef, member: string, subject: SubjectRef): boolean;
}

/** @param strangers objects that no tuple names and that will be asked about */
export function createOracle(schema: Schema, tuples: readonly Tuple[], strangers: readonly ObjectRef[] = []): Oracle {
  const strata = strataOf(schema);
  const bySubject = new Map<string, ReadonlySet<string>>();
  return {
    check: (object, member, subject) => {
      const key = `${subject.type}:${subject.id}#${subject.relation}`;
      let holds = bySubject.get(key);
      if (holds === undefined) {
        holds = solve(schema, strata, tuples, subject, strangers);
        bySubject.set(key, holds);
      }
      return holds.has(`${object.type}:${object.id}#${member}`);
    },
  };
}

/** @returns every `type:id#member` that holds the subject */
function solve(
  schema: Schema,
  strata: ReadonlyMap<Member, number>,
  tuples: readonly Tuple[],
  subject: SubjectRef,
  strangers: readonly ObjectRef[],
): Set<string> {
  const objects = new Map<string, ObjectRef>();
  const meet = (type: string, id: string) => objects.set(`${type}:${id}`, { type, id });
  meet(subject.type, subject.id);
  for (const stranger of strangers) meet(stranger.type, stranger.id);
  for (const tuple of tuples) {
    meet(tuple.objectType, tuple.objectId);
    meet(tuple.subjectType, tuple.subjectId);
  }
  const holds = new Set<string>();
  const last = Math.max(0, ...strata.values());
  for (let stratum = 0; stratum <= last; stratum++) {
    for (let changed = true; changed; ) {
      changed = false;
      for (const object of objects.values()) {
        for (const member of schema.definitions.get(object.type)?.members.values() ?? []) {
          const key = `${object.type}:${object.id}#${member.name}`;
          if (strata.get(member) !== stratum || holds.has(key)) continue;
          if (!isMember(tuples, holds, object, member, subject)) continue;
          holds.add(key);
          changed = true;
        }
      }
    }
  }
  return holds;
}

function isMember(
  tuples: readonly Tuple[],
  holds: ReadonlySet<string>,
  object: ObjectRef,
  member: Member,
  subject: SubjectRef,
): boolean {
  if (object.type === subject.type && object.id === subject.id && member.name === subject.relation) return true;
  if (member.kind === "permission") return evaluate(tuples, holds, object, member.rewrite, subject);
  return tuplesOf(tuples, object, member.name).some((tuple) => {
    if (tuple.subjectRelation !== "") {
      return holds.has(`${tuple.subjectType}:${tuple.subjectId}#${tuple.subjectRelation}`);
    }
    if (tuple.subjectType !== subject.type || subject.relation !== "") return false;
    return tuple.subjectId === subject.id || tuple.subjectId === "*";
  });
}

function evaluate(
  tuples: readonly Tuple[],
  holds: ReadonlySet<string>,
  object: ObjectRef,
  rewrite: Rewrite,
  subject: SubjectRef,
): boolean {
  const holdsFor = (part: Rewrite) => evaluate(tuples, holds, object, part, subject);
  switch (rewrite.kind) {
    case "union":
      return rewrite.children.some(holdsFor);
    case "intersection":
      return rewrite.children.every(holdsFor);
    case "exclusion":
      return holdsFor(rewrite.base) && !holdsFor(rewrite.subtract);
    case "computed":
      return holds.has(`${object.type}:${object.id}#${rewrite.member}`);
    case "arrow": {
      const pointed = tuplesOf(tuples, object, rewrite.tupleset).map(
        (tuple) => `${tuple.subjectType}:${tuple.subjectId}#${rewrite.target}`,
      );
      if (rewrite.quantifier === "any") return pointed.some((key) => holds.has(key));
      return pointed.length > 0 && pointed.every((key) => holds.has(key));
    }
    case "nil":
      return false;
    case "self":
      return subject.type === object.type && subject.id === object.id && subject.relation === "";
  }
}

function tuplesOf(tuples: readonly Tuple[], object: ObjectRef, relation: string): readonly Tuple[] {
  return tuples.filter(
    (tuple) => tuple.objectType === object.type && tuple.objectId === object.id && tuple.relation === relation,
  );
}

/** 0 for members that subtract nothing, one more than what they subtract for the others. */
function strataOf(schema: Schema): Map<Member, number> {
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
