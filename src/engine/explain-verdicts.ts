import type { Found } from "../model/need.ts";
import type { SubjectRef } from "../model/object.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { Member, Permission, Relation, Rewrite, Schema } from "../model/schema.ts";
import type { TupleKey } from "../model/tuple.ts";
import type { Value } from "./formula.ts";
import { CONDITIONAL, FALSE, not, TRUE, UNSETTLED } from "./formula.ts";
import type { Frame, Node } from "./problem.ts";
import type { ArrowRewrite } from "./program.ts";
import type { ReadTable } from "./read-table.ts";
import { memberOf } from "./strata.ts";

/** What a part came to, put together again from what the run settled and read. */
export interface Verdict {
  /** UNSETTLED: nobody needed to know. */
  readonly value: Value | typeof UNSETTLED;
  /**
   * For TRUE: the place, in the order of settling, of the last that it rests on. A problem's parts that granted it come
   * before it, so following the smallest never goes in a circle.
   */
  readonly since: number;
  /** CONDITIONAL, and a caveat that cannot be evaluated has a share in it. */
  readonly failed: boolean;
}

/** A tuple that was read, or looked for; what it leads to; and what both come to. */
export interface TuplePart {
  readonly kind: "there" | "expired" | "absent";
  readonly key: TupleKey;
  /** Undefined for an absent one. */
  readonly found: Found | undefined;
  readonly target: { readonly member: Member; readonly id: string } | undefined;
  readonly verdict: Verdict;
}

/** What of a run verdicts are made from. */
export interface Evidence {
  readonly schema: Schema;
  readonly frame: Frame;
  readonly reads: ReadTable;
  orderOf(node: Node): number;
  failed(node: Node): boolean;
}

const OPEN: Verdict = { value: UNSETTLED, since: 0, failed: false };
const NO: Verdict = { value: FALSE, since: 0, failed: false };
const YES: Verdict = { value: TRUE, since: 0, failed: false };

export function verdictOf(evidence: Evidence, member: Member, id: string): Verdict {
  const { frame } = evidence;
  if (!frame.plan.reaches.member(member.id)) return NO;
  const node = frame.problems.find(member.id, id);
  if (node === undefined || node.value === UNSETTLED) return OPEN;
  const failed = node.value === CONDITIONAL && evidence.failed(node);
  return { value: node.value, since: evidence.orderOf(node), failed };
}

/** The verdicts of a permission's whole expression, part by part. */
export function rewriteVerdicts(evidence: Evidence, permission: Permission, id: string): ReadonlyMap<Rewrite, Verdict> {
  const parts: Rewrite[] = [permission.rewrite];
  // Grows while it is walked: parts come after what they are part of, so backwards they come first.
  for (const part of parts) parts.push(...partsOf(part));
  const verdicts = new Map<Rewrite, Verdict>();
  for (const part of parts.toReversed()) verdicts.set(part, rewriteVerdict(evidence, permission, id, part, verdicts));
  return verdicts;
}

/** Operators' parts; the second one of an exclusion is what is subtracted. */
export function partsOf(rewrite: Rewrite): readonly Rewrite[] {
  switch (rewrite.kind) {
    case "union":
    case "intersection":
      return rewrite.children;
    case "exclusion":
      return [rewrite.base, rewrite.subtract];
    default:
      return [];
  }
}

function rewriteVerdict(
  evidence: Evidence,
  permission: Permission,
  id: string,
  part: Rewrite,
  verdicts: ReadonlyMap<Rewrite, Verdict>,
): Verdict {
  const { frame, schema } = evidence;
  if (!frame.plan.reaches.rewrite(permission.type, part)) return NO;
  const below = partsOf(part).map((child) => verdicts.get(child) ?? OPEN);
  switch (part.kind) {
    case "union":
      return anyOf(below);
    case "intersection":
      return allOf(below);
    case "exclusion":
      return allOf(below.map((verdict, index) => (index === 0 ? verdict : negated(verdict))));
    case "computed": {
      const member = memberOf(schema, permission.type, part.member);
      return member === undefined ? NO : verdictOf(evidence, member, id);
    }
    case "arrow": {
      const tuples = arrowParts(evidence, permission, id, part);
      if (tuples === undefined) return OPEN;
      const there = tuples.filter(({ kind }) => kind === "there").map(({ verdict }) => verdict);
      if (there.length === 0) return NO;
      return part.quantifier === "any" ? anyOf(there) : allOf(there);
    }
    case "nil":
      return NO;
    case "self":
      return id === frame.subject.id ? YES : NO;
  }
}

/** The tuples an arrow went along; undefined when they were not read. */
export function arrowParts(
  evidence: Evidence,
  permission: Permission,
  id: string,
  rewrite: ArrowRewrite,
): readonly TuplePart[] | undefined {
  const { frame, reads, schema } = evidence;
  for (const instruction of frame.plan.programs[permission.id]?.code ?? []) {
    if (instruction.kind !== "arrow" || instruction.arrow.rewrite !== rewrite) continue;
    const found = reads.objectsAnswer(instruction.arrow.tupleset, id);
    const place = { objectType: permission.type, objectId: id, relation: rewrite.tupleset };
    return found?.map((tuple) => {
      const member = memberOf(schema, tuple.subjectType, rewrite.target);
      return partOf(evidence, place, tuple, member === undefined ? "nobody" : member);
    });
  }
  return undefined;
}

/** What was asked of a relation's tuples: the subject itself, its wildcard, subjects that have a relation. */
export function relationParts(evidence: Evidence, relation: Relation, id: string): readonly TuplePart[] {
  const { frame, reads, schema } = evidence;
  const place = { objectType: relation.type, objectId: id, relation: relation.name };
  const parts: TuplePart[] = [];
  for (const subject of [frame.subject, { ...frame.subject, id: WILDCARD_ID }]) {
    const found = reads.relationAnswer(relation, id, subject);
    if (found === undefined) continue;
    const tuple = found[0];
    parts.push(tuple === undefined ? absentPart(place, subject) : partOf(evidence, place, tuple, undefined));
  }
  for (const tuple of reads.relationAnswer(relation, id) ?? []) {
    const member = memberOf(schema, tuple.subjectType, tuple.subjectRelation);
    if (member !== undefined) parts.push(partOf(evidence, place, tuple, member));
  }
  return parts;
}

type Place = Pick<TupleKey, "objectType" | "objectId" | "relation">;

function absentPart(place: Place, { type, id, relation }: SubjectRef): TuplePart {
  const key = { ...place, subjectType: type, subjectId: id, subjectRelation: relation };
  return { kind: "absent", key, found: undefined, target: undefined, verdict: NO };
}

/** @param leadsTo undefined for a tuple that names the subject itself; "nobody" where the type has no such member */
function partOf(evidence: Evidence, place: Place, found: Found, leadsTo: Member | "nobody" | undefined): TuplePart {
  const { subjectType, subjectId, subjectRelation } = found;
  const { judge } = evidence.frame;
  const key = { ...place, subjectType, subjectId, subjectRelation };
  const target = leadsTo === undefined || leadsTo === "nobody" ? undefined : { member: leadsTo, id: subjectId };
  if (judge.isExpired(found)) return { kind: "expired", key, found, target: undefined, verdict: NO };
  const { value, failure } = judge.judge(found);
  const tuple = { value, since: 0, failed: failure !== undefined };
  const rest = target === undefined ? YES : verdictOf(evidence, target.member, target.id);
  return { kind: "there", key, found, target, verdict: leadsTo === "nobody" ? NO : allOf([tuple, rest]) };
}

function negated({ value, failed }: Verdict): Verdict {
  return { value: value === UNSETTLED ? UNSETTLED : not(value), since: 0, failed };
}

function anyOf(parts: readonly Verdict[]): Verdict {
  return combine(parts, TRUE, Math.min);
}

function allOf(parts: readonly Verdict[]): Verdict {
  return combine(parts, FALSE, Math.max);
}

/** @param deciding the value that decides alone: TRUE for a disjunction, FALSE for a conjunction */
function combine(
  parts: readonly Verdict[],
  deciding: typeof TRUE | typeof FALSE,
  since: (a: number, b: number) => number,
): Verdict {
  let value: Verdict["value"] = not(deciding);
  let order: number | undefined;
  let failed = false;
  for (const part of parts) {
    if (part.value === TRUE) order = order === undefined ? part.since : since(order, part.since);
    if (part.value === deciding) value = deciding;
    else if (value !== deciding && part.value === UNSETTLED) value = UNSETTLED;
    else if (value === not(deciding) && part.value === CONDITIONAL) value = CONDITIONAL;
    failed ||= part.failed;
  }
  return { value, since: value === TRUE ? (order ?? 0) : 0, failed: failed && value === CONDITIONAL };
}
