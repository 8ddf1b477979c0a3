import type { Found, Need } from "../model/need.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { Member } from "../model/schema.ts";

/** A member of an object, between a permission and its possible subjects. */
export interface Place {
  readonly member: Member;
  readonly id: string;
  /** Whoever is in it has the permission that is asked about, for good. */
  certain: boolean;
  /** Places that are certain when this one is. */
  readonly sureEdges: Place[];
  /** The places this one leads to it from; `tuple`: by this one, which names a group (`group:eng#member`). */
  readonly above: { readonly place: Place; readonly tuple: Found | undefined }[];
}

/** A relation of an object whose plain subjects matter, on whichever side of an operator. */
export interface Leaf {
  readonly objectType: string;
  readonly objectId: string;
  readonly relation: string;
  /** Whoever is in it by a tuple that holds for good has the permission for good. */
  readonly certain: boolean;
}

/** Answers every need that a Check of one subject can have. */
export type Answer = (need: Need) => readonly Found[];

/** What `SkeletonWalk` found: everything that a Check of any subject of the kind looks at, but for its own tuples in the leaves. */
export interface Skeleton {
  readonly leaves: readonly Leaf[];
  /** Ids of subjects that may hold without a tuple of their own, `true` where they do for good. */
  readonly selves: ReadonlyMap<string, boolean>;
  /** Whether the wildcard is anywhere in the skeleton, and whether it alone grants everyone for good. */
  readonly wildcard: "none" | "possible" | "certain";
  /** @param hits the subject's own tuples, by index of the leaf they are in */
  answerFor(id: string, hits: ReadonlyMap<number, Found>): Answer;
}

/** A place that somebody is in without a tuple of their own; `sure`: for good. */
export interface Presence {
  readonly place: Place;
  readonly sure: boolean;
}

const NOTHING: readonly Found[] = [];

/** All that was read on the way. */
export class SkeletonAnswers {
  readonly #known = new Map<string, readonly Found[]>();

  keep(need: Need, found: readonly Found[]): void {
    this.#known.set(keyOf(need), found.length === 0 ? NOTHING : found);
  }

  /**
   * @param on.leaves places with plain subjects
   * @param on.selves places whose own id is a subject
   * @param on.wildcards places that a wildcard tuple is in
   */
  skeleton(on: {
    readonly leaves: readonly Place[];
    readonly selves: readonly Presence[];
    readonly wildcards: readonly Presence[];
  }): Skeleton {
    const leaves = on.leaves.map((place) => ({ ...relationOf(place), certain: place.certain }));
    const indexOfLeaf = new Map(leaves.map((leaf, index) => [placeKey(leaf), index]));
    const placesOfSelf = Map.groupBy(on.selves, ({ place }) => place.id);
    const everywhere = on.wildcards.map(({ place }) => place);
    return {
      leaves,
      selves: new Map([...placesOfSelf].map(([id, presences]) => [id, presences.some(isCertain)])),
      wildcard: on.wildcards.some(isCertain) ? "certain" : everywhere.length > 0 ? "possible" : "none",
      answerFor: (id, hits) => {
        const here = [...hits.keys()].flatMap((index) => on.leaves[index] ?? []);
        const selves = (placesOfSelf.get(id) ?? []).map(({ place }) => place);
        const leading = tuplesLeadingTo([...here, ...selves, ...everywhere]);
        return (need) => {
          if (need.kind === "exact" && need.subjectId !== WILDCARD_ID) {
            const hit = hits.get(indexOfLeaf.get(placeKey(need)) ?? unknown(need));
            return hit === undefined ? NOTHING : [hit];
          }
          const known = this.#known.get(keyOf(need)) ?? unknown(need);
          return need.kind === "usersets" ? (leading.get(placeKey(need)) ?? NOTHING) : known;
        };
      },
    };
  }
}

function isCertain({ place, sure }: Presence): boolean {
  return sure && place.certain;
}

/**
 * The tuples naming groups, by the relation they are in, that lead to one of the places. All others lead to groups that
 * the subject is not in, whatever the context and the instant, so a relation is the same without them. Of a document
 * shared with 1,000 groups a Check then looks at the two its subject is in: 0.05 ms in place of 3.4.
 */
function tuplesLeadingTo(places: readonly Place[]): ReadonlyMap<string, readonly Found[]> {
  const leading = new Map<string, Found[]>();
  const seen = new Set<Place>();
  const pending = [...places];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (seen.has(place)) continue;
    seen.add(place);
    for (const { place: from, tuple } of place.above) {
      pending.push(from);
      if (tuple === undefined) continue;
      const key = placeKey(relationOf(from));
      const tuples = leading.get(key);
      if (tuples === undefined) leading.set(key, [tuple]);
      else tuples.push(tuple);
    }
  }
  return leading;
}

/** Answering "nothing" in its place could grant what should be subtracted. */
function unknown(need: Need): never {
  const { kind, objectType, objectId, relation } = need;
  throw new Error(`the skeleton does not know ${kind} ${objectType}:${objectId}#${relation}: the walk is wrong`);
}

function relationOf({ member, id }: Place) {
  return { objectType: member.type, objectId: id, relation: member.name };
}

function placeKey({ objectType, objectId, relation }: Pick<Leaf, "objectType" | "objectId" | "relation">): string {
  return `${objectType} ${objectId} ${relation}`;
}

/** Spaces cannot occur in names or ids, so two needs share a key only when they are the same. */
function keyOf(need: Need): string {
  const key = `${need.kind} ${placeKey(need)}`;
  return need.kind === "objects" ? `${key} ${need.subjectTypes.join(" ")}` : key;
}
