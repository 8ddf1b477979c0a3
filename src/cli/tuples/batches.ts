import type { Tuple } from "../../model/tuple.ts";
import { formatTuple } from "../../model/tuple-text.ts";
import type { ReadTuple } from "./text-lines.ts";

/** The server's default limits: 1,000 updates in a write, 4 MiB in a message. Text is about as long as its message. */
const MAX_UPDATES = 1_000;
const MAX_TEXT_BYTES = 2 * 1024 * 1024;

/** Tuples to be written together: no two of the same identity, which a write refuses. */
export interface Batch {
  readonly tuples: readonly ReadTuple[];
  /** Lines of the file that went into it, repeated tuples too. */
  readonly firstLine: number;
  readonly lastLine: number;
}

/** Cuts a stream into batches. Of a tuple that is repeated within one, the last wins, as it would one by one. */
export async function* inBatches(tuples: AsyncIterable<ReadTuple>): AsyncGenerator<Batch> {
  let batch = new Map<string, ReadTuple>();
  let bytes = 0;
  let firstLine = 0;
  let lastLine = 0;
  for await (const read of tuples) {
    if (batch.size === 0) firstLine = read.line;
    lastLine = read.line;
    batch.set(identityOf(read.tuple), read);
    bytes += formatTuple(read.tuple).length;
    if (batch.size < MAX_UPDATES && bytes < MAX_TEXT_BYTES) continue;
    yield { tuples: [...batch.values()], firstLine, lastLine };
    batch = new Map();
    bytes = 0;
  }
  if (batch.size > 0) yield { tuples: [...batch.values()], firstLine, lastLine };
}

export function identityOf({ caveat: _caveat, expiresAtMs: _expiry, ...identity }: Tuple): string {
  return formatTuple(identity);
}
