import type { Tuple } from "../../src/model/tuple.ts";

const BATCH = 20_000;

type Column = readonly (string | null)[];

/**
 * Writes tuples some thousand at a time, as arrays for `unnest`: six of the key, and three of traits, which are the caveat, its context as JSON
 * and the end as text. @returns how many there were
 */
export async function writeColumns(
  tuples: Iterable<Tuple>,
  write: (key: readonly Column[], traits: readonly Column[]) => Promise<unknown>,
): Promise<number> {
  let written = 0;
  let batch: Tuple[] = [];
  const flush = async () => {
    await write(
      FIELDS.map((field) => batch.map((tuple) => tuple[field])),
      TRAITS.map((traitOf) => batch.map((tuple) => traitOf(tuple) ?? null)),
    );
    written += batch.length;
    batch = [];
  };
  for (const tuple of tuples) if (batch.push(tuple) === BATCH) await flush();
  await flush();
  return written;
}

const FIELDS = ["objectType", "objectId", "relation", "subjectType", "subjectId", "subjectRelation"] as const;

const TRAITS: readonly ((tuple: Tuple) => string | undefined)[] = [
  ({ caveat }) => caveat?.name,
  ({ caveat }) => caveat && JSON.stringify(caveat.context),
  ({ expiresAtMs }) => (expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString()),
];
