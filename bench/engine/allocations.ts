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

function allocatedBy(check: ResidentCheck, batch: readonly KnownQuestion[]): number {
  const before = getHeapStatistics().used_heap_size;
  for (let index = 0; index < batch.length; index += 1) check(batch[index] as KnownQuestion);
  return getHeapStatistics().used_heap_size - before;
}

function medianOf(measure: () => number): number {
  const found = Array.from({ length: GOES }, measure).sort((a, b) => a - b);
  return found[GOES >> 1] as number;
}
