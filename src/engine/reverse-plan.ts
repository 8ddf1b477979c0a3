import type { Plan } from "./plan.ts";
import { reachability, type SubjectKind } from "./reachability.ts";
import {
  type Place,
  type ReverseEdge,
  type ReverseScan,
  reverseEdges,
  subjectPlace,
  wildcardPlace,
} from "./reverse-edges.ts";

/** How sure it is that the subject is in a member of an object. Compared by size. */
export const POSSIBLE = 1;
export const CERTAIN = 2;
export type Mark = typeof POSSIBLE | typeof CERTAIN;

/** Which tuples lead a kind of subject to a target member, backwards. Static: made once, whatever tuples are stored. */
export interface ReversePlan {
  /** By place; undefined where nothing starts. Objects met there must all be known before the results are. */
  readonly places: readonly (PlacePlan | undefined)[];
  readonly subjectPlace: Place;
  readonly wildcardPlace: Place;
  /** Places in which the subject's own object is without any tuple. */
  readonly own: readonly Step[];
  /** The subject's own object is a result itself. */
  readonly ownTarget: Mark | undefined;
}

export interface PlacePlan {
  /** On the same object. */
  readonly computed: readonly Step[];
  /** Their objects lead on, so they are collected. */
  readonly collected: readonly { readonly scan: ReverseScan; readonly steps: readonly Step[] }[];
  /** Their objects are results and nothing else, so they need not be. */
  readonly streamed: readonly { readonly scan: ReverseScan; readonly mark: Mark }[];
  /** An object here is a result. */
  readonly target: Mark | undefined;
}

/** To a place, no more certain than the mark. */
export interface Step {
  readonly to: Place;
  readonly mark: Mark;
}

const PLANS = new WeakMap<Plan, Map<string, ReversePlan>>();

/** @param target id of the member that results hold the subject in */
export function planReverse(plan: Plan, subject: SubjectKind, target: number): ReversePlan {
  const known = PLANS.get(plan) ?? new Map<string, ReversePlan>();
  PLANS.set(plan, known);
  const key = `${subject.type}#${subject.relation} ${target}`;
  let reverse = known.get(key);
  if (reverse === undefined) {
    reverse = buildReverse(plan, subject, target);
    known.set(key, reverse);
  }
  return reverse;
}

function buildReverse({ schema, strata }: Plan, subject: SubjectKind, target: number): ReversePlan {
  const { edges, own } = reverseEdges(schema, reachability(schema, strata, subject), subject, target);
  const leadsOn = placesThatLeadOn(edges);
  const toTarget = marksToTarget(edges, target);
  // Where the target itself leads on, its objects are collected like all others.
  const resultMark = (place: Place) => (leadsOn.has(target) && place !== target ? undefined : toTarget.get(place));
  const byFrom = new Map<Place, ReverseEdge[]>();
  for (const edge of edges) {
    const list = byFrom.get(edge.from);
    if (list === undefined) byFrom.set(edge.from, [edge]);
    else list.push(edge);
  }
  const places: (PlacePlan | undefined)[] = [];
  for (const place of leadsOn) {
    places[place] = placePlan(byFrom.get(place) ?? [], leadsOn, toTarget, resultMark(place));
  }
  let ownTarget: Mark | undefined;
  for (const { to, certain } of own) {
    const mark = toTarget.get(to);
    if (leadsOn.has(to) || mark === undefined) continue;
    if (ownTarget !== CERTAIN) ownTarget = certain ? mark : POSSIBLE;
  }
  return {
    places,
    subjectPlace: subjectPlace(schema),
    wildcardPlace: wildcardPlace(schema),
    own: own.filter(({ to }) => leadsOn.has(to)).map(({ to, certain }) => ({ to, mark: markOf(certain) })),
    ownTarget,
  };
}

function placePlan(
  edges: readonly ReverseEdge[],
  leadsOn: ReadonlySet<Place>,
  toTarget: ReadonlyMap<Place, Mark>,
  target: Mark | undefined,
): PlacePlan {
  const computed: Step[] = [];
  const collected = new Map<ReverseScan, Step[]>();
  const streamed = new Map<ReverseScan, Mark>();
  for (const { to, scan, certain } of edges) {
    const step = { to, mark: markOf(certain) };
    if (scan === undefined) {
      if (leadsOn.has(to)) computed.push(step);
    } else if (leadsOn.has(to)) {
      const steps = collected.get(scan);
      if (steps === undefined) collected.set(scan, [step]);
      else steps.push(step);
    } else {
      const mark = certain && toTarget.get(to) === CERTAIN ? CERTAIN : POSSIBLE;
      if (streamed.get(scan) !== CERTAIN) streamed.set(scan, mark);
    }
  }
  return {
    computed,
    collected: [...collected].map(([scan, steps]) => ({ scan, steps })),
    streamed: [...streamed].map(([scan, mark]) => ({ scan, mark })),
    target,
  };
}

/** Those that tuples start from, and those that are one of them on the same object. */
function placesThatLeadOn(edges: readonly ReverseEdge[]): Set<Place> {
  const places = new Set<Place>();
  for (const { from, scan } of edges) if (scan !== undefined) places.add(from);
  const intoSame = sameObjectEdges(edges);
  // A set that grows while it is walked.
  for (const place of places) for (const { from } of intoSame.get(place) ?? []) places.add(from);
  return places;
}

/** Members from which the target is reached on the same object, and by the surest way. */
function marksToTarget(edges: readonly ReverseEdge[], target: number): Map<Place, Mark> {
  const intoSame = sameObjectEdges(edges);
  const certain = new Set<Place>([target]);
  for (const place of certain) {
    for (const edge of intoSame.get(place) ?? []) if (edge.certain) certain.add(edge.from);
  }
  const any = new Set<Place>([target]);
  for (const place of any) for (const { from } of intoSame.get(place) ?? []) any.add(from);
  return new Map([...any].map((place) => [place, markOf(certain.has(place))]));
}

function sameObjectEdges(edges: readonly ReverseEdge[]): Map<Place, ReverseEdge[]> {
  const into = new Map<Place, ReverseEdge[]>();
  for (const edge of edges) {
    if (edge.scan !== undefined) continue;
    const list = into.get(edge.to);
    if (list === undefined) into.set(edge.to, [edge]);
    else list.push(edge);
  }
  return into;
}

function markOf(certain: boolean): Mark {
  return certain ? CERTAIN : POSSIBLE;
}
