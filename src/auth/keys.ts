import type { SigningAlgorithm, TrustedIssuer } from "../model/trust.ts";
import type { VerificationKey } from "./jwk.ts";
import { type AuthLog, createKeyRefresh } from "./key-refresh.ts";
import type { LoadKeys } from "./key-source.ts";
import { chooseKey, type KeyChoice, type KeyTable } from "./key-table.ts";
import { refuse, shown } from "./refusal.ts";

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

/** Keys in the database, of which the trust feed says when they change: they are read again at once, whatever their age. */
export const OWN_KEY_POLICY: KeyPolicy = {
  ...REMOTE_KEY_POLICY,
  retryMs: 500,
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
  /** The keys have changed: none verifies until they have been fetched again, which begins at once. */
  changed(): void;
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

const MIN_HINT_MS = 10_000;

/**
 * A key set that asks to be read more often than the policy has it is read so, and a key that it no longer holds ends that much
 * sooner; within reason. One that asks for less is not kept longer for it.
 */
function agesOf(policy: KeyPolicy, hintMs: number | undefined): Pick<KeyPolicy, "refreshMs" | "staleMs"> {
  if (hintMs === undefined || hintMs >= policy.refreshMs) return policy;
  const refreshMs = Math.max(hintMs, Math.min(MIN_HINT_MS, policy.refreshMs));
  return { refreshMs, staleMs: Math.min(2 * refreshMs, policy.staleMs) };
}

export function createIssuerKeys(issuer: TrustedIssuer, deps: IssuerKeysDeps): IssuerKeys {
  const { policy, now } = deps;
  const known = createKeyRefresh(issuer, { ...deps, timeoutMs: policy.timeoutMs });
  let unknownKidAtMs: number | undefined;

  const elapsed = (sinceMs: number | undefined, intervalMs: number): boolean =>
    sinceMs === undefined || now() - sinceMs >= intervalMs || now() < sinceMs;
  const mayRetry = (): boolean => elapsed(known.failedAtMs(), policy.retryMs);
  /** A clock that went back makes keys stale, not younger. */
  const age = (): number => (now() >= known.goodAtMs() ? now() - known.goodAtMs() : policy.staleMs);
  let hintMs: number | undefined;
  let hinted: Pick<KeyPolicy, "refreshMs" | "staleMs"> = policy;
  const ages = (): Pick<KeyPolicy, "refreshMs" | "staleMs"> => {
    if (known.refreshHintMs() === hintMs) return hinted;
    hintMs = known.refreshHintMs();
    hinted = agesOf(policy, hintMs);
    return hinted;
  };
  /** Too old to serve, while a refresh may well bring newer ones. */
  const stale = (): boolean => age() >= ages().staleMs && known.failedAtMs() === undefined;
  const usable = (): KeyTable | undefined => (age() < policy.hardLimitMs ? known.table() : undefined);

  /** The keys to judge by, refreshed first where they must be. */
  async function freshen(): Promise<KeyTable> {
    if (usable() === undefined) {
      if (known.underWay() || mayRetry()) await known.refresh();
    } else if (age() >= ages().refreshMs && mayRetry()) {
      const wait = stale();
      const done = known.refresh();
      if (wait) await done;
    }
    return usable() ?? refuse("keys_unavailable", issuer.issuer);
  }

  async function askAgain(): Promise<boolean> {
    if (known.underWay()) return known.refresh();
    if (!elapsed(unknownKidAtMs, policy.unknownKidMs)) return false;
    unknownKidAtMs = now();
    return known.refresh();
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
      if (usable()?.fingerprints.has(key.fingerprint) !== true || stale()) return false;
      if (age() >= ages().refreshMs && mayRetry()) void known.refresh();
      return true;
    },
    refresh: known.refresh,
    changed() {
      known.forget();
      void known.refresh();
    },
    close: known.close,
  };
}
