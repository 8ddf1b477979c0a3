import type { Logger } from "../log.ts";
import type { TrustedIssuer } from "../model/trust.ts";
import { keysFailure } from "./fetch-json.ts";
import type { LoadedKeys, LoadKeys } from "./key-source.ts";
import { buildKeyTable, type KeyTable } from "./key-table.ts";

/** Where what happens to keys is told. */
export type AuthLog = Pick<Logger, "info" | "warn">;

export interface KeyRefreshDeps {
  readonly load: LoadKeys;
  /** A load is given up after this. */
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: AuthLog;
}

/** What is known of an issuer's keys, and how to know more. It decides nothing. */
export interface KeyRefresh {
  /** The last good keys. */
  table(): KeyTable | undefined;
  /** How often they ask to be fetched again, milliseconds; undefined where they do not say. */
  refreshHintMs(): number | undefined;
  /** When the fetch began that brought them, milliseconds since the epoch; 0 before the first. */
  goodAtMs(): number;
  /** When the last fetch failed; undefined when it did not. */
  failedAtMs(): number | undefined;
  underWay(): boolean;
  /** Fetches now, or joins the fetch under way. Never rejects; false when it failed. */
  refresh(): Promise<boolean>;
  /** What is known does not hold any more: nothing serves until it has been fetched again, and a fetch that began before does not count. */
  forget(): void;
  close(): void;
}

/**
 * Fetches are coalesced, and one that was given up is not heard any more: an old answer cannot replace a newer one.
 * A failed fetch leaves the last good keys as they are.
 */
export function createKeyRefresh(issuer: TrustedIssuer, deps: KeyRefreshDeps): KeyRefresh {
  const { now, log } = deps;
  const closing = new AbortController();
  let table: KeyTable | undefined;
  let goodAtMs = 0;
  let failedAtMs: number | undefined;
  let underWay: Promise<boolean> | undefined;
  let forgotten = 0;
  let hintMs: number | undefined;

  async function fetchOnce(): Promise<boolean> {
    try {
      for (;;) {
        const startedAtMs = now();
        const at = forgotten;
        const set = await withinTime(deps.load, deps.timeoutMs, closing.signal);
        const next = await buildKeyTable(set.keys, issuer);
        if (at !== forgotten) continue;
        logChange(log, issuer.issuer, table, next);
        table = next;
        hintMs = set.refreshHintMs;
        goodAtMs = startedAtMs;
        failedAtMs = undefined;
        return true;
      }
    } catch (error) {
      if (closing.signal.aborted) return false;
      failedAtMs = now();
      const fields = { issuer: issuer.issuer, why: describe(error), keysFromMs: table && goodAtMs };
      log.warn(fields, "cannot fetch the issuer's keys");
      return false;
    }
  }

  return {
    table: () => table,
    refreshHintMs: () => hintMs,
    goodAtMs: () => goodAtMs,
    failedAtMs: () => failedAtMs,
    underWay: () => underWay !== undefined,
    refresh() {
      underWay ??= fetchOnce().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    forget() {
      forgotten += 1;
      table = undefined;
    },
    close: () => closing.abort(),
  };
}

/** Runs a load with a deadline of its own, whether or not the load heeds the signal. */
async function withinTime(load: LoadKeys, timeoutMs: number, closing: AbortSignal): Promise<LoadedKeys> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([closing, deadline]);
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(keysFailure(deadline.aborted ? `no answer within ${timeoutMs} ms` : "closed"));
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    return await Promise.race([load(signal), ended.promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** fetch says "fetch failed" and hides what failed in the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${describe(error.cause)}` : error.message;
}

function logChange(log: AuthLog, issuer: string, before: KeyTable | undefined, after: KeyTable): void {
  const added = after.keys.filter((key) => before?.fingerprints.has(key.fingerprint) !== true).map((key) => key.kid);
  const removed = before?.keys.filter((key) => !after.fingerprints.has(key.fingerprint)).map((key) => key.kid) ?? [];
  if (before !== undefined && added.length === 0 && removed.length === 0) return;
  log.info({ issuer, added, removed, unusable: after.unusable }, "the issuer's keys have changed");
}
