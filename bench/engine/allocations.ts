// How many bytes of JavaScript's heap a Check takes. V8 tells how full its heap is to the byte, and a new object only moves that end on,
// so between two looks without a collection the difference is exactly what was allocated. Batches are small beside the
// young generation (1 MiB at least), so hardly any meets a collection; those that do give less, and the median of
// several goes over the same questions leaves them out. Counted, not timed: the same on every machine with the same V8.
import { getHeapStatistics } from "node:v8";
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

/** @param ask something whose answer may take turns @returns of one ask; its code has to be compiled by now */
export async function allocatedByEach(ask: () => Promise<unknown>): Promise<number> {
  const looking = await allocatedByAsks(async () => undefined, 1);
  const asks = (await allocatedByAsks(ask, 1)) < SMALL_BYTES ? MANY_ASKS : 1;
  return Math.max(0, ((await allocatedByAsks(ask, asks)) - looking) / asks);
}

async function allocatedByAsks(ask: () => Promise<unknown>, asks: number): Promise<number> {
  const found: number[] = [];
  for (let go = 0; go < GOES; go += 1) {
    const before = getHeapStatistics().used_heap_size;
    for (let call = 0; call < asks; call += 1) await ask();
    found.push(getHeapStatistics().used_heap_size - before);
  }
  return found.sort((a, b) => a - b)[GOES >> 1] as number;
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
