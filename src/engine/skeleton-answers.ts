import type { Found, Need } from "../model/need.ts";
import { WILDCARD_ID } from "../model/object.ts";

/** A relation of an object whose plain subjects matter, on whichever side of an operator. */
export interface Leaf {
  readonly objectType: string;
  readonly objectId: string;
  readonly relation: string;
  /** Whoever is in it by a tuple that holds for good has the permission for good. */
  readonly certain: boolean;
}

/** What `SkeletonWalk` found. Answers every need that a Check of a subject of the kind can have, but for its own tuples in the leaves. */
export interface Skeleton {
  readonly leaves: readonly Leaf[];
  /** Ids of subjects that may hold without a tuple of their own, `true` where they do for good. */
  readonly selves: ReadonlyMap<string, boolean>;
  /** Whether the wildcard is anywhere in the skeleton, and whether it alone grants everyone for good. */
  readonly wildcard: "none" | "possible" | "certain";
  /** @param hits the subject's own tuples, by index of the leaf they are in */
  answer(need: Need, hits: ReadonlyMap<number, Found>): readonly Found[];
}

const NOTHING: readonly Found[] = [];

/** All that was read on the way. */
export class SkeletonAnswers {
  readonly #known = new Map<string, readonly Found[]>();

  keep(need: Need, found: readonly Found[]): void {
    this.#known.set(keyOf(need), found.length === 0 ? NOTHING : found);
  }

  skeleton(leaves: readonly Leaf[], selves: ReadonlyMap<string, boolean>, wildcard: Skeleton["wildcard"]): Skeleton {
    const indexOfLeaf = new Map(leaves.map((leaf, index) => [leafKey(leaf), index]));
    return {
      leaves,
      selves,
      wildcard,
      answer: (need, hits) => {
        if (need.kind !== "exact" || need.subjectId === WILDCARD_ID)
          return this.#known.get(keyOf(need)) ?? unknown(need);
        const index = indexOfLeaf.get(leafKey(need)) ?? unknown(need);
        const hit = hits.get(index);
        return hit === undefined ? NOTHING : [hit];
      },
    };
  }
}

/** Answering "nothing" in its place could grant what should be subtracted. */
function unknown(need: Need): never {
  const { kind, objectType, objectId, relation } = need;
  throw new Error(`the skeleton does not know ${kind} ${objectType}:${objectId}#${relation}: the walk is wrong`);
}

function leafKey({ objectType, objectId, relation }: Pick<Leaf, "objectType" | "objectId" | "relation">): string {
  return `${objectType} ${objectId} ${relation}`;
}

/** Spaces cannot occur in names or ids, so two needs share a key only when they are the same. */
function keyOf(need: Need): string {
  const place = `${need.kind} ${leafKey(need)}`;
  return need.kind === "objects" ? `${place} ${need.subjectTypes.join(" ")}` : place;
}
