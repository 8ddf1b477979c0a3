import type { StoredSigningKey } from "../model/token-service.ts";
import type { AuthLog } from "./key-refresh.ts";
import type { LoadKeys } from "./key-source.ts";
import { type PublicJwk, type SealingSecret, type UnsealedKey, unsealKey } from "./own-key-seal.ts";

/** How long others may keep the key set (`cache-control`): a new key is published for so long before it signs. */
export const JWKS_MAX_AGE_MS = 5 * 60_000;

/** The longest access token there may be; a setting above it is refused. */
export const MAX_ACCESS_TOKEN_MS = 15 * 60_000;

/** How long a key stays published after the last token it signed has ended: verifiers' clocks, and their skew allowance. */
const PUBLISHED_BEYOND_MS = 60_000;

/** A clock that is behind that of the process which made a key must not leave this one without a key that signs. */
const SIGN_AHEAD_MS = 60_000;

export type SigningKeyState = "next" | "active" | "retired" | "gone" | "sealed";

export interface SigningKeyView {
  readonly stored: StoredSigningKey;
  readonly state: SigningKeyState;
  /** When it leaves the key set; undefined where that is not known yet. */
  readonly endsAtMs: number | undefined;
}

/** The keys the token service signs with, as this process knows them. */
export interface OwnKeys {
  /** Reads them again. @throws what keeps them from being read; those known stay */
  refresh(): Promise<void>;
  /** They have changed: nothing is signed until they have been read again, which begins at once. Never throws. */
  changed(): void;
  /** Resolves when what is known here is what has been heard of. @throws what keeps the keys from being read */
  ready(): Promise<void>;
  /** What signs now; undefined where there is none that opens. */
  signer(nowMs: number): UnsealedKey | undefined;
  /** The key set: what signs, will sign, and has signed tokens that may not have ended. */
  published(nowMs: number): readonly PublicJwk[];
  /** For the verifier of relata's own tokens: reads them again. */
  readonly load: LoadKeys;
}

export interface OwnKeysDeps {
  readonly read: () => Promise<readonly StoredSigningKey[]>;
  readonly secrets: readonly SealingSecret[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: AuthLog;
}

export function createOwnKeys({ read, secrets, now, log }: OwnKeysDeps): OwnKeys {
  let stored: readonly StoredSigningKey[] = [];
  let opened: ReadonlyMap<string, UnsealedKey> = new Map();
  let underWay: Promise<void> | undefined;
  let again: Promise<void> | undefined;
  let isStale = true;

  async function readOnce(): Promise<void> {
    const next = await read();
    const keys = new Map<string, UnsealedKey>();
    for (const key of next) {
      const known = opened.get(key.kid) ?? unsealKey(key, secrets);
      if (known !== undefined) keys.set(key.kid, known);
      else if (!stored.some(({ kid }) => kid === key.kid)) {
        log.warn({ kid: key.kid, sealedBy: key.sealedBy }, "no tokenKey opens this signing key: it is not used");
      }
    }
    stored = next;
    opened = keys;
  }

  /** What was asked for during a read is not answered by it: it may have begun before the change. */
  function refresh(): Promise<void> {
    if (underWay !== undefined) {
      again ??= underWay.then(noop, noop).then(() => {
        again = undefined;
        return refresh();
      });
      return again;
    }
    isStale = false;
    underWay = readOnce()
      .catch((error: unknown) => {
        isStale = true;
        throw error;
      })
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  }

  async function ready(): Promise<void> {
    if (isStale) await refresh();
    else await underWay;
  }

  const published = (nowMs: number) =>
    viewSigningKeys(stored, (kid) => opened.has(kid), nowMs).flatMap(({ stored: { kid }, state }) => {
      const key = opened.get(kid);
      return key === undefined || state === "gone" ? [] : [key.jwk];
    });

  return {
    refresh,
    changed() {
      isStale = true;
      refresh().catch((error: unknown) => log.warn({ error: String(error) }, "cannot read the signing keys yet"));
    },
    ready,
    published,
    signer: (nowMs) => {
      const views = viewSigningKeys(stored, (kid) => opened.has(kid), nowMs);
      const active = views.find(({ state }) => state === "active") ?? views.find((view) => isAlmostDue(view, nowMs));
      return active && opened.get(active.stored.kid);
    },
    async load() {
      await refresh();
      return { keys: published(now()) };
    },
  };
}

/**
 * Where each key stands. Of those that open and are not withdrawn, the one activated last signs, and those before it stay in
 * the set until their last token has ended.
 * @returns newest first
 */
export function viewSigningKeys(
  stored: readonly StoredSigningKey[],
  opens: (kid: string) => boolean,
  nowMs: number,
): readonly SigningKeyView[] {
  const views: SigningKeyView[] = [];
  /** When the key after the one being looked at begins to sign. */
  let supersededAtMs: number | undefined;
  for (const key of stored.toSorted(newestFirst)) {
    if (key.withdrawnAtMs !== undefined) {
      views.push({ stored: key, state: "gone", endsAtMs: key.withdrawnAtMs });
    } else if (!opens(key.kid)) {
      views.push({ stored: key, state: "sealed", endsAtMs: undefined });
    } else {
      const endsAtMs =
        supersededAtMs === undefined ? undefined : supersededAtMs + MAX_ACCESS_TOKEN_MS + PUBLISHED_BEYOND_MS;
      views.push({ stored: key, state: stateOf(key, supersededAtMs, endsAtMs, nowMs), endsAtMs });
      supersededAtMs = key.activatesAtMs;
    }
  }
  return views;
}

function stateOf(
  { activatesAtMs }: StoredSigningKey,
  supersededAtMs: number | undefined,
  endsAtMs: number | undefined,
  nowMs: number,
): SigningKeyState {
  if (activatesAtMs > nowMs) return "next";
  if (supersededAtMs === undefined || supersededAtMs > nowMs) return "active";
  return endsAtMs !== undefined && endsAtMs <= nowMs ? "gone" : "retired";
}

function isAlmostDue({ state, stored: { activatesAtMs } }: SigningKeyView, nowMs: number): boolean {
  return state === "next" && activatesAtMs <= nowMs + SIGN_AHEAD_MS;
}

function newestFirst(left: StoredSigningKey, right: StoredSigningKey): number {
  return right.activatesAtMs - left.activatesAtMs || (left.kid < right.kid ? 1 : -1);
}

function noop(): void {}
