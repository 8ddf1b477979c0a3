import type { TupleBatch } from "../model/change.ts";
import type { FoundTraits } from "../model/need.ts";

const NO_TRAITS: ReadonlyMap<number, FoundTraits> = new Map();
/** Bounds of a tuple: first and last byte of six fields. */
const BOUNDS = 12;

/** `count` tuples from the `from`-th on, over the same bytes. */
export function batchPart(batch: TupleBatch, from: number, count: number): TupleBatch {
  const bounds = batch.bounds.subarray(BOUNDS * from, BOUNDS * (from + count));
  return { count, bytes: batch.bytes, bounds, traits: traitsOf(batch, from, count) };
}

function traitsOf({ traits }: TupleBatch, from: number, count: number): ReadonlyMap<number, FoundTraits> {
  if (traits.size === 0) return NO_TRAITS;
  const own = new Map<number, FoundTraits>();
  for (let index = 0; index < count; index += 1) {
    const found = traits.get(from + index);
    if (found !== undefined) own.set(index, found);
  }
  return own;
}
