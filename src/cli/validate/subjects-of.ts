import { unreachable } from "../../errors.ts";
import { formatObject, type ObjectRef } from "../../model/object.ts";
import type { Rewrite, Schema } from "../../model/schema.ts";
import type { Tuple } from "../../model/tuple.ts";
import { inComponents } from "./components.ts";
import { difference, intersection, NOBODY, only, perhaps, type SubjectSet, unionOf } from "./subject-set.ts";

/**
 * Who is in a relation or permission, by which tuples, and whether a caveat has a say: what `validation:` blocks state.
 * No verb answers that (LookupSubjects evaluates caveats and forgets the tuples on the way), so it is worked out from
 * the tuples here, member by member; a test holds it against Check. Members that lead to each other are repeated until
 * nothing changes: a cycle adds nobody.
 */
export function createSubjectsOf(
  schema: Schema,
  tuples: readonly Tuple[],
  nowMs: number,
): (object: ObjectRef, member: string) => SubjectSet {
  const byRelation = new Map<string, Tuple[]>();
  for (const tuple of tuples) {
    if (tuple.expiresAtMs !== undefined && tuple.expiresAtMs <= nowMs) continue;
    const key = `${tuple.objectType}:${tuple.objectId}#${tuple.relation}`;
    const others = byRelation.get(key);
    if (others === undefined) byRelation.set(key, [tuple]);
    else others.push(tuple);
  }
  const graph: Graph = { schema, byRelation, sets: new Map() };
  return (object, member) => {
    const root: Place = { object, member };
    for (const component of inComponents([root], keyOf, (place) => placesBelow(graph, place))) settle(graph, component);
    return graph.sets.get(keyOf(root)) ?? NOBODY;
  };
}

interface Place {
  readonly object: ObjectRef;
  readonly member: string;
}

interface Graph {
  readonly schema: Schema;
  readonly byRelation: ReadonlyMap<string, readonly Tuple[]>;
  readonly sets: Map<string, SubjectSet>;
}

function keyOf({ object, member }: Place): string {
  return `${formatObject(object)}#${member}`;
}

function memberAt({ schema }: Graph, { object, member }: Place) {
  return schema.definitions.get(object.type)?.members.get(member);
}

function tuplesAt({ byRelation }: Graph, place: Place): readonly Tuple[] {
  return byRelation.get(keyOf(place)) ?? [];
}

function placesBelow(graph: Graph, place: Place): readonly Place[] {
  const member = memberAt(graph, place);
  if (member === undefined) return [];
  if (member.kind === "permission") return placesInRewrite(graph, place, member.rewrite);
  return tuplesAt(graph, place)
    .filter(({ subjectRelation }) => subjectRelation !== "")
    .map(({ subjectType, subjectId, subjectRelation }) => placeOf(subjectType, subjectId, subjectRelation));
}

function placeOf(type: string, id: string, member: string): Place {
  return { object: { type, id }, member };
}

/** Recurses over the schema, which is as deep as somebody wrote it. */
function placesInRewrite(graph: Graph, place: Place, rewrite: Rewrite): readonly Place[] {
  switch (rewrite.kind) {
    case "union":
    case "intersection":
      return rewrite.children.flatMap((child) => placesInRewrite(graph, place, child));
    case "exclusion":
      return [rewrite.base, rewrite.subtract].flatMap((child) => placesInRewrite(graph, place, child));
    case "computed":
      return [{ object: place.object, member: rewrite.member }];
    case "arrow":
      return targetsOf(graph, place, rewrite).map(({ target }) => target);
    case "nil":
    case "self":
      return [];
    default:
      return unreachable(rewrite);
  }
}

function targetsOf(
  graph: Graph,
  { object }: Place,
  arrow: Extract<Rewrite, { kind: "arrow" }>,
): readonly { readonly tuple: Tuple; readonly target: Place }[] {
  return tuplesAt(graph, { object, member: arrow.tupleset }).map((tuple) => ({
    tuple,
    target: placeOf(tuple.subjectType, tuple.subjectId, arrow.target),
  }));
}

/** Gives the places of a component, which all need each other, their final sets. */
function settle(graph: Graph, component: readonly Place[]): void {
  const [sole] = component;
  if (
    sole !== undefined &&
    component.length === 1 &&
    !placesBelow(graph, sole).some((one) => keyOf(one) === keyOf(sole))
  ) {
    graph.sets.set(keyOf(sole), evaluate(graph, sole));
    return;
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const place of component) {
      const before = fingerprint(graph.sets.get(keyOf(place)) ?? NOBODY);
      const set = evaluate(graph, place);
      graph.sets.set(keyOf(place), set);
      changed ||= fingerprint(set) !== before;
    }
  }
}

function evaluate(graph: Graph, place: Place): SubjectSet {
  const member = memberAt(graph, place);
  if (member === undefined) return NOBODY;
  return member.kind === "permission" ? evaluateRewrite(graph, place, member.rewrite) : evaluateRelation(graph, place);
}

function evaluateRelation(graph: Graph, place: Place): SubjectSet {
  return unionOf(
    tuplesAt(graph, place).flatMap((tuple) => {
      const { subjectType: type, subjectId: id, subjectRelation: relation } = tuple;
      const itself = only({ type, id, relation }, tuple.caveat === undefined, keyOf(place));
      return relation === "" ? [itself] : [itself, through(graph, tuple, placeOf(type, id, relation))];
    }),
  );
}

function through(graph: Graph, { caveat }: Tuple, target: Place): SubjectSet {
  const set = graph.sets.get(keyOf(target)) ?? NOBODY;
  return caveat === undefined ? set : perhaps(set);
}

function evaluateRewrite(graph: Graph, place: Place, rewrite: Rewrite): SubjectSet {
  const evaluateChild = (child: Rewrite) => evaluateRewrite(graph, place, child);
  switch (rewrite.kind) {
    case "union":
      return unionOf(rewrite.children.map(evaluateChild));
    case "intersection":
      return rewrite.children.map(evaluateChild).reduce(intersection);
    case "exclusion":
      return difference(evaluateChild(rewrite.base), evaluateChild(rewrite.subtract));
    case "computed":
      return graph.sets.get(keyOf({ object: place.object, member: rewrite.member })) ?? NOBODY;
    case "arrow": {
      const sets = targetsOf(graph, place, rewrite).map(({ tuple, target }) => through(graph, tuple, target));
      if (rewrite.quantifier === "any" || sets.length === 0) return unionOf(sets);
      return sets.reduce(intersection);
    }
    case "nil":
      return NOBODY;
    case "self":
      return only({ ...place.object, relation: "" }, true, keyOf(place));
    default:
      return unreachable(rewrite);
  }
}

/** Equal for equal sets, in whatever order they were put together. */
function fingerprint(set: SubjectSet): string {
  const entryOf = (id: string, { surely, parents }: { surely: boolean; parents: ReadonlySet<string> }) =>
    [id, surely, [...parents].toSorted()] as const;
  const kinds = [...set].map(([kind, { named, everybody }]) => [
    kind,
    [...named].map(([id, entry]) => entryOf(id, entry)).toSorted(byFirst),
    everybody && entryOf("*", everybody),
    everybody && [...everybody.except].map(([id, entry]) => entryOf(id, entry)).toSorted(byFirst),
  ]);
  return JSON.stringify(kinds.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)));
}

function byFirst(a: readonly [string, ...unknown[]], b: readonly [string, ...unknown[]]): number {
  return a[0] < b[0] ? -1 : 1;
}
