import { makeSealedKey, unsealKey } from "../../auth/own-key-seal.ts";
import { JWKS_MAX_AGE_MS, type SigningKeyView, viewSigningKeys } from "../../auth/own-keys.ts";
import { RelataError } from "../../errors.ts";
import { type StoredSigningKey, serviceOrigin } from "../../model/token-service.ts";
import type { PlatformCall } from "../call.ts";
import { originOf } from "../origin.ts";
import type { ClientVerbDeps, TokenServiceDeps } from "./deps.ts";

export interface RotateSigningKeyRequest {
  /** Sign with the new key at once, published long enough or not. */
  readonly now: boolean;
  /** Withdraw all earlier keys. */
  readonly withdrawOthers: boolean;
}

export type ListSigningKeys = (call: PlatformCall) => Promise<readonly SigningKeyView[]>;
export type RotateSigningKey = (call: PlatformCall, request: RotateSigningKeyRequest) => Promise<SigningKeyView>;

/** Newest first, as the database has them now. */
export function createListSigningKeys({ store, secrets }: ClientVerbDeps): ListSigningKeys {
  return async ({ nowMs }) => {
    const stored = await store.signingKeys();
    const opens = new Set(stored.filter((key) => unsealKey(key, secrets) !== undefined).map(({ kid }) => kid));
    return viewSigningKeys(stored, (kid) => opens.has(kid), nowMs);
  };
}

/** Every process hears of the new key by the feed of changes, and publishes it before any signs with it. */
export function createRotateSigningKey(deps: ClientVerbDeps): RotateSigningKey {
  return async (call, { now, withdrawOthers }) => {
    const atOnce = now || withdrawOthers;
    if (!withdrawOthers) requireRoom(viewSigningKeys(await deps.store.signingKeys(), () => true, call.nowMs));
    const key = newKey(deps, call.nowMs, call.principal.actor, atOnce ? 0 : JWKS_MAX_AGE_MS);
    await deps.store.addSigningKey(
      key,
      { onlyFirst: false, withdrawOthers },
      {
        event: "signing_key.rotated",
        origin: originOf(call),
        details: { kid: key.kid, activates_at_ms: key.activatesAtMs, withdraw_others: withdrawOthers },
      },
    );
    await deps.keys.refresh();
    const [view] = viewSigningKeys([key], () => true, call.nowMs);
    if (view === undefined) throw new RelataError("INTERNAL", "Internal error.", { detail: "a key without a state" });
    return view;
  };
}

/**
 * A key set is read by strangers, who take no more than so many keys for one; so does relata (auth/key-table.ts). It takes a
 * rotation a minute to get there.
 */
const MAX_PUBLISHED = 20;

function requireRoom(views: readonly SigningKeyView[]): void {
  if (views.filter(({ state }) => state !== "gone").length < MAX_PUBLISHED) return;
  throw new RelataError(
    "TOO_MANY_CREDENTIALS",
    `${MAX_PUBLISHED} keys are published already: wait until the oldest ones have ended, 16 minutes after they last signed`,
  );
}

/** Makes the first key, unless another process was quicker; it signs at once, for nobody has a key set yet. */
export async function ensureSigningKey(
  deps: Pick<TokenServiceDeps, "store" | "keys" | "secrets" | "now" | "settings">,
): Promise<void> {
  if ((await deps.store.signingKeys()).length === 0) {
    const origin = serviceOrigin("start");
    const key = newKey(deps, deps.now(), origin.actor, 0);
    const details = { kid: key.kid, activates_at_ms: key.activatesAtMs, first: true };
    const draft = { event: "signing_key.rotated", origin, details } as const;
    await deps.store.addSigningKey(key, { onlyFirst: true, withdrawOthers: false }, draft);
  }
  await deps.keys.refresh();
}

function newKey(
  { secrets }: Pick<TokenServiceDeps, "secrets">,
  nowMs: number,
  createdBy: string,
  delayMs: number,
): StoredSigningKey {
  const activatesAtMs = nowMs + delayMs;
  return { ...makeSealedKey(secrets), createdAtMs: nowMs, createdBy, activatesAtMs, withdrawnAtMs: undefined };
}
