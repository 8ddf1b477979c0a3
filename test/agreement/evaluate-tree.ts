import type { SubjectRef } from "../../src/model/object.ts";
import type { TreeNode } from "../../src/model/tree.ts";
import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import type { CaveatJudge } from "../support/arbitrary-caveats.ts";

type Reading = "certainly" | "possibly";
const OTHER = { certainly: "possibly", possibly: "certainly" } as const;

/**
 * What a whole tree, of Expand or an explanation, says of one subject: node by node until nothing changes, what is subtracted before what it is
 * subtracted from. Undecided caveats count as false, and in a second reading as true.
 */
export function createTreeReader(nodes: readonly TreeNode[], judge: CaveatJudge) {
  const parts = nodes.map((): number[] => []);
  for (const [index, node] of nodes.entries()) if (index > 0) parts[node.parent]?.push(index);
  const tree = { nodes, parts, strata: strataOf(nodes, parts), judge };
  return (subject: SubjectRef, context: JsonObject): "allowed" | "denied" | "conditional" => {
    const held = { certainly: new Set<number>(), possibly: new Set<number>() };
    for (let stratum = 0; stratum <= Math.max(...tree.strata); stratum++) {
      for (const reading of ["certainly", "possibly"] as const)
        saturate(tree, held, stratum, reading, subject, context);
    }
    return held.certainly.has(0) ? "allowed" : held.possibly.has(0) ? "conditional" : "denied";
  };
}

interface Tree {
  readonly nodes: readonly TreeNode[];
  readonly parts: readonly (readonly number[])[];
  readonly strata: readonly number[];
  readonly judge: CaveatJudge;
}

type Held = Readonly<Record<Reading, Set<number>>>;

function saturate(
  tree: Tree,
  held: Held,
  stratum: number,
  reading: Reading,
  subject: SubjectRef,
  context: JsonObject,
): void {
  for (let changed = true; changed; ) {
    changed = false;
    // Parts come after their parents.
    for (const index of [...tree.nodes.keys()].reverse()) {
      if (tree.strata[index] !== stratum || held[reading].has(index)) continue;
      if (!holds(tree, held, index, reading, subject, context)) continue;
      held[reading].add(index);
      changed = true;
    }
  }
}

function holds(
  tree: Tree,
  held: Held,
  index: number,
  reading: Reading,
  subject: SubjectRef,
  context: JsonObject,
): boolean {
  const what = tree.nodes[index]?.what;
  const parts = tree.parts[index] ?? [];
  const partHolds = (part: number) => held[reading].has(part);
  switch (what?.kind) {
    case "member":
      if (isSame(subject, { ...what.object, relation: what.member })) return true;
      return parts.some(partHolds) || (what.sameAs !== undefined && partHolds(what.sameAs));
    case "union":
      return parts.some(partHolds);
    case "intersection":
      return parts.every(partHolds);
    case "exclusion":
      return parts.every((part) =>
        tree.nodes[part]?.subtracted === true ? !held[OTHER[reading]].has(part) : partHolds(part),
      );
    case "arrow":
      return what.quantifier === "any" ? parts.some(partHolds) : holdsThroughAll(tree, parts, partHolds);
    case "self":
      return isSame(subject, { ...what.object, relation: "" });
    case "tuple": {
      const parent = tree.nodes[tree.nodes[index]?.parent ?? 0]?.what;
      const leads =
        parent?.kind === "arrow" ? parts.some(partHolds) : parts.some(partHolds) || names(what.tuple, subject);
      return leads && grants(tree.judge, what.tuple, reading, context);
    }
    case "nil":
    case "no_tuple":
    case undefined:
      return false;
  }
}

/** Explanations also show the tuples that have ended. */
function holdsThroughAll(tree: Tree, parts: readonly number[], partHolds: (part: number) => boolean): boolean {
  const there = parts.filter((part) => tree.nodes[part]?.what.kind !== "no_tuple");
  return there.length > 0 && there.every(partHolds);
}

function grants(judge: CaveatJudge, { caveat }: Tuple, reading: Reading, context: JsonObject): boolean {
  const verdict = caveat === undefined || judge(caveat.name, caveat.context, context);
  return verdict === true || (verdict !== false && reading === "possibly");
}

function names(tuple: Tuple, subject: SubjectRef): boolean {
  if (tuple.subjectRelation !== "" || tuple.subjectType !== subject.type || subject.relation !== "") return false;
  return tuple.subjectId === subject.id || tuple.subjectId === "*";
}

function isSame(some: SubjectRef, other: SubjectRef): boolean {
  return some.type === other.type && some.id === other.id && some.relation === other.relation;
}

/** One more than what is subtracted, for whatever subtracts. */
function strataOf(nodes: readonly TreeNode[], parts: readonly (readonly number[])[]): readonly number[] {
  const strata = nodes.map(() => 0);
  for (let changed = true; changed; ) {
    changed = false;
    for (const [index, { what }] of nodes.entries()) {
      const below = (parts[index] ?? []).map(
        (part) => (strata[part] ?? 0) + (nodes[part]?.subtracted === true ? 1 : 0),
      );
      const shared = what.kind === "member" && what.sameAs !== undefined ? [strata[what.sameAs] ?? 0] : [];
      const height = Math.max(0, ...below, ...shared);
      if (height > nodes.length) throw new Error("a tree that depends on its own negation");
      if (height === strata[index]) continue;
      strata[index] = height;
      changed = true;
    }
  }
  return strata;
}
