import type { TupleKey } from "../../src/model/tuple.ts";

const BATCH = 20_000;

/** Writes tuples some thousand at a time, as six arrays for `unnest`. @returns how many there were */
export async function writeColumns(
  tuples: Iterable<TupleKey>,
  write: (columns: readonly (readonly string[])[]) => Promise<unknown>,
): Promise<number> {
  let written = 0;
  let batch: TupleKey[] = [];
  const flush = async () => {
    await write(FIELDS.map((field) => batch.map((tuple) => tuple[field])));
    written += batch.length;
    batch = [];
  };
  for (const tuple of tuples) if (batch.push(tuple) === BATCH) await flush();
  await flush();
  return written;
}

const FIELDS = ["objectType", "objectId", "relation", "subjectType", "subjectId", "subjectRelation"] as const;
