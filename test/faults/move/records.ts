import type { JournalEntry } from "../journal.ts";
import type { Node } from "./node.ts";

/** One write that relata said yes to. */
export interface Ack {
  readonly n: number;
  readonly token: string;
  readonly atMs: number;
}

/** A read or a write from its first attempt to its answer, attempts that failed included. */
export interface Done {
  readonly kind: "read" | "write";
  readonly node: string;
  readonly beganAtMs: number;
  readonly endedAtMs: number;
}

/** What writers and readers note while they work; times by one monotonic clock. */
export interface Records {
  readonly journal: JournalEntry[];
  /** By writer, in order. */
  readonly acks: Map<string, Ack[]>;
  /** How many writes each writer has begun. */
  readonly begun: Map<string, number>;
  readonly done: Done[];
  /** Calls without an answer, by reason: allowed, and counted. */
  readonly errors: Map<string, number>;
  /** Answers that must never come. */
  readonly problems: string[];
}

export function createRecords(writers: readonly string[]): Records {
  return {
    journal: [],
    acks: new Map(writers.map((writer) => [writer, []])),
    begun: new Map(writers.map((writer) => [writer, 0])),
    done: [],
    errors: new Map(),
    problems: [],
  };
}

export function noteError({ errors }: Records, node: Node, error: unknown): void {
  const why = `${node.name}: ${reasonOf(error)}`;
  errors.set(why, (errors.get(why) ?? 0) + 1);
}

function reasonOf(error: unknown): string {
  const { reason, codeName } = error as { readonly reason?: string; readonly codeName?: string };
  return reason || codeName || String(error);
}

/** The read or write that took longest, of those that were under way at any instant between the two. */
export function longestOf(
  { done }: Records,
  kind: Done["kind"],
  { node, fromMs, untilMs }: { readonly node?: string; readonly fromMs: number; readonly untilMs: number },
): { readonly ms: number; readonly atMs: number } {
  const within = done.filter(
    (one) =>
      one.kind === kind &&
      (node === undefined || one.node === node) &&
      one.endedAtMs > fromMs &&
      one.beganAtMs < untilMs,
  );
  return within
    .map(({ beganAtMs, endedAtMs }) => ({
      ms: Math.round(endedAtMs - beganAtMs),
      atMs: Math.round(beganAtMs - fromMs),
    }))
    .reduce((longest, one) => (one.ms > longest.ms ? one : longest), { ms: 0, atMs: 0 });
}
