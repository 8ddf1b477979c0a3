import type { JournalEntry, Write } from "./journal.ts";

/** What the database holds of one tenant at the end, and what its writers noted on the way. */
export interface History {
  readonly head: number;
  readonly revisions: readonly { readonly revision: number; readonly write: string | undefined }[];
  readonly rows: readonly Row[];
  readonly journals: readonly JournalEntry[];
}

export interface Row {
  readonly tuple: string;
  readonly createdRev: number;
  /** Undefined: live. */
  readonly deletedRev: number | undefined;
}

/**
 * Everything wrong with a history; empty when it is right:
 * - revisions follow each other without a gap or a repetition, up to the head;
 * - an acknowledged write made exactly one revision, any other at most one;
 * - replaying the writes in the order of their revisions gives exactly the rows that are there, so no write is half there.
 */
export function checkHistory(history: History): readonly string[] {
  const writes = new Map<string, Write>();
  for (const entry of history.journals) if (entry.kind === "intent") writes.set(entry.write.id, entry.write);
  return [
    ...checkRevisions(history),
    ...checkAcknowledged(history, writes),
    ...checkRows(history, writes),
    ...history.journals.flatMap((entry) => (entry.kind === "violation" ? [entry.message] : [])),
  ];
}

function checkRevisions({ head, revisions }: History): readonly string[] {
  const numbers = revisions.map(({ revision }) => revision).sort((a, b) => a - b);
  const problems: string[] = [];
  for (const [index, revision] of numbers.entries()) {
    const before = numbers[index - 1];
    if (before === revision) problems.push(`revision ${revision} is there twice`);
    else if (before !== undefined && before !== revision - 1)
      problems.push(`no revision between ${before} and ${revision}`);
  }
  if (numbers.at(-1) !== head) problems.push(`the head is ${head}, the newest revision ${numbers.at(-1)}`);
  return problems;
}

function checkAcknowledged({ journals, revisions }: History, writes: ReadonlyMap<string, Write>): readonly string[] {
  const applied = new Map<string, number>();
  for (const { write } of revisions) if (write !== undefined) applied.set(write, (applied.get(write) ?? 0) + 1);
  const problems: string[] = [];
  for (const entry of journals) {
    if (entry.kind === "ack" && !applied.has(entry.id)) problems.push(`acknowledged write ${entry.id} is lost`);
  }
  for (const [id, times] of applied) {
    if (times > 1) problems.push(`write ${id} was applied ${times} times`);
    if (!writes.has(id)) problems.push(`write ${id} happened, but nobody intended it`);
  }
  return problems;
}

function checkRows({ revisions, rows }: History, writes: ReadonlyMap<string, Write>): readonly string[] {
  const live = new Map<string, number>();
  const expected = new Set<string>();
  for (const { revision, write: id } of revisions.toSorted((a, b) => a.revision - b.revision)) {
    const write = id === undefined ? undefined : writes.get(id);
    for (const tuple of write?.removes ?? []) {
      const createdRev = live.get(tuple);
      if (createdRev === undefined) continue;
      live.delete(tuple);
      expected.add(keyOf({ tuple, createdRev, deletedRev: revision }));
    }
    for (const tuple of write?.adds ?? []) live.set(tuple, revision);
  }
  for (const [tuple, createdRev] of live) expected.add(keyOf({ tuple, createdRev, deletedRev: undefined }));
  const actual = new Set(rows.map(keyOf));
  return [
    ...[...expected].filter((row) => !actual.has(row)).map((row) => `half a write: ${row} is missing`),
    ...[...actual].filter((row) => !expected.has(row)).map((row) => `half a write: ${row} should not be there`),
  ];
}

function keyOf({ tuple, createdRev, deletedRev }: Row): string {
  return `${tuple}, created at ${createdRev}, ${deletedRev === undefined ? "live" : `deleted at ${deletedRev}`}`;
}
