import type { Ask, Flip } from "./flips.ts";

/**
 * What clients note of what they did. All instants are of one monotonic clock (milliseconds), so that "acknowledged before
 * the read began" is a fact: a write's `atMs` is after its answer arrived, a read's `beganAtMs` before it was sent.
 */
export interface WriteRecord {
  /** `w1/17`; kept with its revision in the database. */
  readonly id: string;
  readonly flips: readonly Flip[];
  /** Undefined: nobody knows whether it happened, but the database. */
  acknowledged: Told | undefined;
}

/** At this instant somebody knew that the revision is there. */
export interface Told {
  readonly atMs: number;
  readonly revision: number;
}

export const MODES = ["minimize_latency", "at_least_as_fresh", "at_exact_snapshot", "fully_consistent"] as const;
export type Mode = (typeof MODES)[number];

export interface AnswerRecord {
  readonly node: string;
  readonly mode: Mode;
  /** Of the token that was sent along; 0 without one. */
  readonly asked: number;
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  /** Of the token that came back; undefined for a lookup without results, which brings none. */
  readonly revision: number | undefined;
  readonly ask: Ask;
  /** The answer as text: `allowed denied`, or ids in order. */
  readonly said: string;
  /** Nothing was read for it; unknown of lookups, which count as read. */
  readonly fromMemory: boolean;
}

/** What all clients of a run noted. */
export interface Records {
  readonly writes: WriteRecord[];
  readonly answers: AnswerRecord[];
  /** Changes of the schema that were acknowledged. */
  readonly told: Told[];
  /** How often each error came, by gRPC code or the server's reason. */
  readonly errors: Map<string, number>;
  /** Errors that no fault excuses. */
  readonly problems: string[];
}

export function createRecords(): Records {
  return { writes: [], answers: [], told: [], errors: new Map(), problems: [] };
}
