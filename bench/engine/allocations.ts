// How many bytes of JavaScript's heap a Check takes. V8 tells how full its heap is to the byte, and a new object only moves that end on,
// so between two looks without a collection the difference is exactly what was allocated. Batches are small beside the
// young generation (1 MiB at least), so hardly any meets a collection; those that do give less, and the median of
// several goes over the same questions leaves them out. Counted, not timed: the same on every machine with the same V8.
import { GCProfiler, getHeapStatistics } from "node:v8";
import type { KnownQuestion } from "../workloads/workload.ts";
import type { ResidentCheck } from "./resident-check.ts";

const BATCH = 50;
const GOES = 5;

/** @returns of one Check, on average over the questions; the code has to be compiled by now */
export function allocatedBytes(check: ResidentCheck, questions: readonly KnownQuestion[]): number {
  const looks = medianOf(() => allocatedBy(check, []));
  let bytes = 0;
  for (let from = 0; from < questions.length; from += BATCH) {
    const batch = questions.slice(from, from + BATCH);
    bytes += medianOf(() => allocatedBy(check, batch)) - looks;
  }
  return bytes / questions.length;
}

/** What allocates less is asked many times between two looks. */
const SMALL_BYTES = 100_000;
const MANY_ASKS = 20;

/**
 * @param ask something whose answer may take turns
 * @returns of one ask, whose code has to be compiled by now; undefined where it allocates so much that each go met a collection
 */
export async function allocatedByEach(ask: () => Promise<unknown>): Promise<number | undefined> {
  const looking = (await allocatedByAsks(async () => undefined, 1)) ?? 0;
  const once = await allocatedByAsks(ask, 1);
  if (once === undefined) return undefined;
  const asks = once < SMALL_BYTES ? MANY_ASKS : 1;
  const found = asks === 1 ? once : await allocatedByAsks(ask, asks);
  return found === undefined ? undefined : Math.max(0, (found - looking) / asks);
}

async function allocatedByAsks(ask: () => Promise<unknown>, asks: number): Promise<number | undefined> {
  const found: number[] = [];
  for (let go = 0; go < GOES; go += 1) {
    const collections = new GCProfiler();
    collections.start();
    const before = getHeapStatistics().used_heap_size;
    for (let call = 0; call < asks; call += 1) await ask();
    const bytes = getHeapStatistics().used_heap_size - before;
    if (collections.stop()?.statistics.length === 0) found.push(bytes);
  }
  return found.sort((a, b) => a - b)[found.length >> 1];
}

function allocatedBy(check: ResidentCheck, batch: readonly KnownQuestion[]): number {
  const before = getHeapStatistics().used_heap_size;
  for (let index = 0; index < batch.length; index += 1) check(batch[index] as KnownQuestion);
  return getHeapStatistics().used_heap_size - before;
}

function medianOf(measure: () => number): number {
  const found = Array.from({ length: GOES }, measure).sort((a, b) => a - b);
  return found[GOES >> 1] as number;
}
