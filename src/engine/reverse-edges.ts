import type { Rewrite, Schema } from "../model/schema.ts";
import type { Reachability, SubjectKind } from "./reachability.ts";
import { chooseChild } from "./reverse-choice.ts";
import { memberOf, tuplesetOf } from "./strata.ts";

/** Tuples to look up from their subject. Interned: two edges over the same tuples share one. */
export interface ReverseScan {
  readonly subjectType: string;
  /** Undefined: any, as arrows ignore it. */
  readonly subjectRelation: string | undefined;
  readonly objectType: string;
  readonly relation: string;
}

/**
 * Where a subject can be on its way to the target member: in a member, or not anywhere yet. Numbered: members by
 * their ids, then `subjectPlace` and `wildcardPlace`.
 */
export type Place = number;

/** Who is in `from` of an object may be in `to` of the same object (no scan) or of the objects the scan finds. */
export interface ReverseEdge {
  readonly from: Place;
  readonly to: number;
  readonly scan: ReverseScan | undefined;
  /** Is in, rather than may be: nothing else is asked of the subject. */
  readonly certain: boolean;
}

export interface ReverseEdges {
  /** All of them lead to the target. */
  readonly edges: readonly ReverseEdge[];
  /** Members that hold the subject's own object, by the self rule or `self`. */
  readonly own: readonly { readonly to: number; readonly certain: boolean }[];
}

/** The subject as tuples name it. */
export function subjectPlace(schema: Schema): Place {
  return schema.members.length;
}

/** The wildcard of the subject's type. */
export function wildcardPlace(schema: Schema): Place {
  return schema.members.length + 1;
}

/**
 * Every way a subject of this kind can come to be in `target`, backwards from there. Following them all finds a superset
 * of the objects that hold the subject: the minuend alone stands for an exclusion, one part for an intersection.
 */
export function reverseEdges(
  schema: Schema,
  reaches: Reachability,
  subject: SubjectKind,
  target: number,
): ReverseEdges {
  const scans = new Map<string, ReverseScan>();
  const found: { edges: ReverseEdge[]; own: { to: number; certain: boolean }[] } = { edges: [], own: [] };
  const seen = new Set<number>([target]);
  const walk: Walk = {
    schema,
    reaches,
    subject,
    ...found,
    scanOf: (scan) => {
      const key = `${scan.subjectType} ${scan.subjectRelation ?? "*"} ${scan.objectType} ${scan.relation}`;
      const known = scans.get(key) ?? scan;
      scans.set(key, known);
      return known;
    },
  };
  // A set that grows while it is walked.
  for (const id of seen) {
    const before = found.edges.length;
    addMember(walk, id);
    for (let i = before; i < found.edges.length; i++) {
      const from = found.edges[i]?.from ?? 0;
      if (from < schema.members.length) seen.add(from);
    }
  }
  return found;
}

interface Walk {
  readonly schema: Schema;
  readonly reaches: Reachability;
  readonly subject: SubjectKind;
  readonly edges: ReverseEdge[];
  readonly own: { to: number; certain: boolean }[];
  readonly scanOf: (scan: ReverseScan) => ReverseScan;
}

function addMember(walk: Walk, id: number): void {
  const member = walk.schema.members[id];
  if (member === undefined || !walk.reaches.member(id)) return;
  const { subject } = walk;
  if (member.type === subject.type && member.name === subject.relation) walk.own.push({ to: id, certain: true });
  if (member.kind === "permission") addRewrite(walk, id, member.type, member.rewrite);
  else addRelation(walk, id);
}

function addRelation(walk: Walk, to: number): void {
  const { schema, subject, reaches } = walk;
  const relation = schema.members[to];
  if (relation?.kind !== "relation") return;
  const froms = new Map<Place, { subjectType: string; subjectRelation: string }>();
  for (const { type, relation: through, wildcard } of relation.allowed) {
    if (through !== "") {
      const member = memberOf(schema, type, through);
      if (member === undefined || !reaches.member(member.id)) continue;
      froms.set(member.id, { subjectType: type, subjectRelation: through });
    } else if (type === subject.type && subject.relation === "") {
      const place = wildcard ? wildcardPlace(schema) : subjectPlace(schema);
      froms.set(place, { subjectType: type, subjectRelation: "" });
    }
  }
  for (const [from, side] of froms) {
    const scan = walk.scanOf({ ...side, objectType: relation.type, relation: relation.name });
    walk.edges.push({ from, to, scan, certain: true });
  }
}

function addRewrite(walk: Walk, to: number, type: string, rewrite: Rewrite): void {
  const { schema, reaches, subject } = walk;
  const pending: { rewrite: Rewrite; certain: boolean }[] = [{ rewrite, certain: true }];
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    const { rewrite: at, certain } = part;
    if (!reaches.rewrite(type, at)) continue;
    switch (at.kind) {
      case "union":
        for (const child of at.children) pending.push({ rewrite: child, certain });
        break;
      case "intersection":
        pending.push({ rewrite: chooseChild(schema, reaches, subject, type, at.children), certain: false });
        break;
      case "exclusion":
        // Who cannot be in the subtrahend at all is not subtracted.
        pending.push({ rewrite: at.base, certain: certain && !reaches.rewrite(type, at.subtract) });
        break;
      case "computed": {
        const from = memberOf(schema, type, at.member);
        if (from !== undefined) walk.edges.push({ from: from.id, to, scan: undefined, certain });
        break;
      }
      case "arrow":
        addArrow(walk, to, type, at, certain && at.quantifier === "any");
        break;
      case "self":
        walk.own.push({ to, certain });
        break;
      case "nil":
        break;
    }
  }
}

type ArrowRewrite = Extract<Rewrite, { kind: "arrow" }>;

function addArrow(walk: Walk, to: number, type: string, arrow: ArrowRewrite, certain: boolean): void {
  const { schema, reaches } = walk;
  const types = new Set(tuplesetOf(schema, type, arrow.tupleset).allowed.map((allowed) => allowed.type));
  for (const subjectType of types) {
    const from = memberOf(schema, subjectType, arrow.target);
    if (from === undefined || !reaches.member(from.id)) continue;
    const scan = { subjectType, subjectRelation: undefined, objectType: type, relation: arrow.tupleset };
    walk.edges.push({ from: from.id, to, scan: walk.scanOf(scan), certain });
  }
}
