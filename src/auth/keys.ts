import type { Logger } from "../log.ts";
import type { SigningAlgorithm, TrustedIssuer } from "../model/trust.ts";
import { keysFailure } from "./fetch-json.ts";
import type { VerificationKey } from "./jwk.ts";
import type { LoadKeys } from "./key-source.ts";
import { buildKeyTable, chooseKey, type KeyChoice, type KeyTable } from "./key-table.ts";
import { refuse, shown } from "./refusal.ts";

/** Where what happens to keys is told. */
export type AuthLog = Pick<Logger, "info" | "warn">;

/** How old an issuer's keys may get. Milliseconds. */
export interface KeyPolicy {
  /** Older keys are fetched again in the background, while they still serve. */
  readonly refreshMs: number;
  /** Older keys are fetched again before they serve, unless the issuer is known to be down. A removed key ends by then. */
  readonly staleMs: number;
  /** The last good keys serve no longer than this, however long the issuer is down. */
  readonly hardLimitMs: number;
  /** Pause after a failed fetch. */
  readonly retryMs: number;
  /** At most one fetch per this interval because of a kid that is not there. */
  readonly unknownKidMs: number;
  /** A fetch, both documents together, is given up after this. */
  readonly timeoutMs: number;
}

export const REMOTE_KEY_POLICY: KeyPolicy = {
  refreshMs: 5 * 60_000,
  staleMs: 10 * 60_000,
  hardLimitMs: 24 * 3_600_000,
  retryMs: 10_000,
  unknownKidMs: 30_000,
  timeoutMs: 5_000,
};

/** A file is cheap to read: it is read again once a second under traffic, so a change holds within a second. */
export const FILE_KEY_POLICY: KeyPolicy = {
  ...REMOTE_KEY_POLICY,
  refreshMs: 1_000,
  staleMs: 1_000,
  retryMs: 1_000,
  unknownKidMs: 1_000,
};

/** The keys of one issuer, kept fresh. */
export interface IssuerKeys {
  /** The key for a token's header. Refuses with key_unknown, key_unusable or keys_unavailable. */
  find(kid: string | undefined, algorithm: SigningAlgorithm): Promise<VerificationKey>;
  /** Whether a key that verified before may be relied on without asking. Starts a refresh when it is time. */
  trusts(key: VerificationKey): boolean;
  /** Fetches now, or joins the fetch under way. Never rejects; false when it failed. */
  refresh(): Promise<boolean>;
  /** Ends a fetch under way. */
  close(): void;
}

export interface IssuerKeysDeps {
  readonly load: LoadKeys;
  readonly policy: KeyPolicy;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: AuthLog;
}

export function createIssuerKeys(issuer: TrustedIssuer, deps: IssuerKeysDeps): IssuerKeys {
  const { policy, now, log } = deps;
  const closing = new AbortController();
  let table: KeyTable | undefined;
  /** When the fetch began that gave `table`. */
  let goodAtMs = 0;
  let failedAtMs: number | undefined;
  let unknownKidAtMs: number | undefined;
  let underWay: Promise<boolean> | undefined;

  /** Fetches are coalesced, and one given up on is not heard any more: an old answer cannot replace a newer one. */
  function refresh(): Promise<boolean> {
    underWay ??= fetchOnce().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  async function fetchOnce(): Promise<boolean> {
    const startedAtMs = now();
    try {
      const set = await withinTime(deps.load, policy.timeoutMs, closing.signal);
      const next = await buildKeyTable(set, issuer.algorithms);
      logChange(log, issuer.issuer, table, next);
      table = next;
      goodAtMs = startedAtMs;
      failedAtMs = undefined;
      return true;
    } catch (error) {
      if (closing.signal.aborted) return false;
      failedAtMs = now();
      log.warn(
        { issuer: issuer.issuer, why: describe(error), keysFromMs: table && goodAtMs },
        "cannot fetch the issuer's keys",
      );
      return false;
    }
  }

  /** A clock that went back makes keys stale, not younger. */
  const age = (): number => (now() >= goodAtMs ? now() - goodAtMs : policy.staleMs);
  const elapsed = (sinceMs: number | undefined, intervalMs: number): boolean =>
    sinceMs === undefined || now() - sinceMs >= intervalMs || now() < sinceMs;
  const mayRetry = (): boolean => elapsed(failedAtMs, policy.retryMs);

  /** The table to judge by; undefined when there is none or it is too old. */
  const usable = (): KeyTable | undefined => (age() < policy.hardLimitMs ? table : undefined);

  async function freshen(): Promise<KeyTable> {
    if (usable() === undefined) {
      if (underWay !== undefined || mayRetry()) await refresh();
    } else if (age() >= policy.refreshMs && mayRetry()) {
      const done = refresh();
      if (age() >= policy.staleMs && failedAtMs === undefined) await done;
    }
    return usable() ?? refuse("keys_unavailable", issuer.issuer);
  }

  async function askAgain(): Promise<boolean> {
    if (underWay !== undefined) return underWay;
    if (!elapsed(unknownKidAtMs, policy.unknownKidMs)) return false;
    unknownKidAtMs = now();
    return refresh();
  }

  return {
    async find(kid, algorithm) {
      let choice: KeyChoice = chooseKey(await freshen(), kid, algorithm);
      if (choice.kind === "unknown" && (await askAgain())) choice = chooseKey(await freshen(), kid, algorithm);
      if (choice.kind === "key") return choice.key;
      const reason = choice.kind === "unusable" ? "key_unusable" : "key_unknown";
      return refuse(reason, `kid ${shown(kid)} of ${issuer.issuer}: ${choice.why}`);
    },
    trusts(key) {
      if (usable()?.fingerprints.has(key.fingerprint) !== true) return false;
      if (age() < policy.refreshMs) return true;
      if (age() >= policy.staleMs && failedAtMs === undefined) return false;
      if (mayRetry()) void refresh();
      return true;
    },
    refresh,
    close: () => closing.abort(),
  };
}

/** Runs a load with a deadline of its own, whether or not the load heeds the signal. */
async function withinTime(load: LoadKeys, timeoutMs: number, closing: AbortSignal): Promise<readonly unknown[]> {
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
