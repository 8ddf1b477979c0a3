import type { AuditStore, DecisionLog, LoggedDecision, MadeDecision } from "../model/audit.ts";
import { formatObject, formatSubject } from "../model/object.ts";

export interface DecisionLogOptions {
  readonly audit: Pick<AuditStore, "logDecisions">;
  readonly policy: "off" | "denied" | "sampled" | "all";
  /** Of `sampled`, from 0 to 1. */
  readonly sampleRate: number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly onFailure: (error: unknown) => void;
  /** Default 1,000. */
  readonly flushMs?: number;
  /** Decisions that wait to be written; default 20,000: 10 MB where no two share a text, measured. Those beyond are dropped and counted. */
  readonly maxWaiting?: number;
}

export interface OwnedDecisionLog extends DecisionLog {
  flush(): Promise<void>;
  stats(): { readonly logged: number; readonly dropped: number; readonly waiting: number };
  close(): Promise<void>;
}

/** Rows of one statement. */
const BATCH = 1_000;

/** Flushes that closing tries: the first may be one that is under way. */
const LAST_TRIES = 2;

/** Below 2^53 by far more than a process counts. */
const FIRST_NUMBERS = 2 ** 46;

/**
 * Answers on their way to the log. A Check pushes an object and goes on; texts are made and rows written once a second. What a
 * database cannot take in is dropped, never waited for: it is a log, and the chain of events is something else.
 */
export function createDecisionLog(options: DecisionLogOptions): OwnedDecisionLog {
  const { audit, policy, sampleRate, random, onFailure, flushMs = 1_000, maxWaiting = 20_000 } = options;
  let waiting: MadeDecision[] = [];
  let writing = 0;
  let flushing: Promise<void> | undefined;
  let number = Math.floor(random() * FIRST_NUMBERS);
  const stats = { logged: 0, dropped: 0 };

  async function write(): Promise<void> {
    const taken = waiting;
    waiting = [];
    writing = taken.length;
    for (const [tenantId, decisions] of Map.groupBy(taken, (decision) => decision.tenantId))
      for (let at = 0; at < decisions.length; at += BATCH) {
        const rows = decisions.slice(at, at + BATCH).map((decision) => written(decision, number++));
        try {
          await audit.logDecisions(tenantId, rows);
          stats.logged += rows.length;
        } catch (error) {
          stats.dropped += rows.length;
          onFailure(error);
        }
        writing -= rows.length;
      }
  }

  const flush = () => {
    flushing ??= write().finally(() => {
      flushing = undefined;
    });
    return flushing;
  };
  const timer = policy === "off" ? undefined : setInterval(() => void flush(), flushMs);
  timer?.unref();

  return {
    flush,
    wants: (outcome) =>
      policy === "all" ||
      (policy === "denied" && outcome === "denied") ||
      (policy === "sampled" && random() < sampleRate),
    record(decision) {
      if (waiting.length + writing < maxWaiting) waiting.push(decision);
      else stats.dropped += 1;
    },
    stats: () => ({ ...stats, waiting: waiting.length + writing }),
    async close() {
      clearInterval(timer);
      for (let tries = 0; tries < LAST_TRIES; tries += 1) await flush();
    },
  };
}

function written(made: MadeDecision, number: number): LoggedDecision {
  const { decidedAtMs, method, actor, requestId, permission, outcome, revision } = made;
  const object = formatObject(made.object);
  return {
    decidedAtMs,
    number,
    method,
    actor,
    requestId,
    permission,
    outcome,
    revision,
    object,
    subject: formatSubject(made.subject),
  };
}
