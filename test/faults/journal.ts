import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** A write of at least three tuples: all of it happens, or nothing. */
export interface Write {
  /** `writer-1/17`; also its idempotency key, and kept with its revision. */
  readonly id: string;
  readonly adds: readonly string[];
  /** Those of them that are there. */
  readonly removes: readonly string[];
}

export type JournalEntry =
  /** Written before the first attempt: from here on the write may have happened. */
  | { readonly kind: "intent"; readonly write: Write }
  /** relata said yes. */
  | { readonly kind: "ack"; readonly id: string; readonly token: string }
  /** An answer that must never come. */
  | { readonly kind: "violation"; readonly message: string };

/** Appends in one system call that is done on return: what was written survives SIGKILL of the writer. */
export function append(file: string, entry: JournalEntry): void {
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

export function readJournal(file: string): readonly JournalEntry[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalEntry);
}

/** Where a writer stands, by its journal. */
export interface WriterState {
  /** Number of the next write. */
  readonly next: number;
  /** Intended and not acknowledged: nobody knows. */
  readonly unsettled: Write | undefined;
  readonly lastAck: { readonly write: Write; readonly token: string } | undefined;
  /** Tuples that are there, or may be. */
  readonly perhapsLive: readonly string[];
}

export function stateOf(entries: readonly JournalEntry[]): WriterState {
  let state: WriterState = { next: 0, unsettled: undefined, lastAck: undefined, perhapsLive: [] };
  for (const entry of entries) {
    if (entry.kind === "intent") {
      const { write } = entry;
      state = { ...state, next: state.next + 1, unsettled: write, perhapsLive: [...state.perhapsLive, ...write.adds] };
    } else if (entry.kind === "ack" && state.unsettled?.id === entry.id) {
      const write = state.unsettled;
      state = { ...state, unsettled: undefined, lastAck: { write, token: entry.token }, perhapsLive: write.adds };
    }
  }
  return state;
}

/** The n-th write of `writer`: one subject gets three relations, and whoever had them before loses them. */
export function nextWrite(writer: string, state: WriterState): Write {
  const subject = `user:n${state.next}`;
  const adds = [
    `document:${writer}#viewer@${subject}`,
    `folder:${writer}#viewer@${subject}`,
    `group:${writer}#member@${subject}`,
  ];
  return { id: `${writer}/${state.next}`, adds, removes: state.perhapsLive };
}
