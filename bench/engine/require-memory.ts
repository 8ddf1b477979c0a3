import { freemem } from "node:os";
import { MAX_ENTRIES } from "../../src/graph/shard-table.ts";
import { UsageError } from "../usage-error.ts";

/** 68 to 84 of the graph (documents of 10M and 100k tuples), and what a process that fills it has in use besides. */
const BYTES_PER_TUPLE = 90;
/** Code, questions and their answers. */
const BYTES_PER_PROCESS = 150 * 1024 ** 2;
/** Of the array that random reads are timed over: as large as the graph, up to this. */
const MOST_KERNEL_BYTES = 512 * 1024 ** 2;

/** That graphs of these sizes take together: they are in memory side by side, each in a process of its own. */
export function memoryNeeded(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => {
    const graph = size * BYTES_PER_TUPLE;
    return sum + graph + Math.min(graph, MOST_KERNEL_BYTES) + BYTES_PER_PROCESS;
  }, 0);
}

/**
 * Before minutes are spent on filling what does not fit, and the machine's other programs are pushed out.
 * @param freeBytes default: what the machine and the limits of this process leave
 * @throws UsageError
 */
export function requireMemory(
  sizes: readonly number[],
  freeBytes = Math.min(freemem(), process.availableMemory()),
): void {
  const largest = Math.max(...sizes);
  if (largest > MAX_ENTRIES)
    throw new UsageError(
      `a tenant in memory has at most ${count(MAX_ENTRIES)} tuples, and --tuples asks for ${count(largest)}; name fewer`,
    );
  const needed = memoryNeeded(sizes);
  if (needed <= freeBytes) return;
  throw new UsageError(
    `graphs of ${sizes.map(count).join(", ")} tuples need some ${gigabytes(needed)} of memory together, and ${gigabytes(freeBytes)} ` +
      `are free; free some, raise the limit of the container, or name fewer by --tuples`,
  );
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
