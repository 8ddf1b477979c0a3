import { RelataError } from "../../errors.ts";
import { apiTokenState, type StoredApiToken } from "../../model/api-token.ts";
import type { TenantCall } from "../call.ts";
import type { CredentialDeps } from "./deps.ts";
import { apiTokenRotated } from "./drafts.ts";
import { invalid } from "./fields.ts";
import { requireAddressesOfCaller, requireHeldByCaller } from "./held-by-caller.ts";
import { issueApiToken, requireRoom } from "./issue-api-token.ts";

export interface RotateApiTokenRequest {
  readonly keyId: string;
  /** How long the old secret still works, at most until its own end. */
  readonly overlapMs: number;
  /** Of the new token. Undefined: the policy's default. */
  readonly lifetimeMs: number | undefined;
}

export interface RotateApiTokenAnswer {
  /** Shown here and never again. */
  readonly secret: string;
  readonly token: StoredApiToken;
  /** The one rotated from, with its new end. */
  readonly previous: StoredApiToken;
}

export type RotateApiToken = (call: TenantCall, request: RotateApiTokenRequest) => Promise<RotateApiTokenAnswer>;

const MAX_OVERLAP_MS = 7 * 24 * 3_600_000;

/** The new token has the rights of the old one, so the caller must hold them: to rotate is to be given a secret. */
export function createRotateApiToken({ store, apiTokenEnv }: CredentialDeps): RotateApiToken {
  return async (call, { keyId, overlapMs, lifetimeMs }) => {
    if (overlapMs > MAX_OVERLAP_MS) throw invalid("overlap", "must be at most 7 days");
    const { tenant, nowMs } = call;
    let secret = "";
    const rotated = await store.apiTokens.rotate(tenant.id, keyId, nowMs, (previous, facts) => {
      requireActive(previous, nowMs);
      requireHeldByCaller(call, previous);
      requireAddressesOfCaller(call, previous);
      // The old one makes room for the new one, once: those that overlap are counted.
      requireRoom(facts, 1);
      const issued = issueApiToken(apiTokenEnv, call, previous, {
        lifetimeMs,
        policy: facts.policy,
        rotatedFrom: keyId,
      });
      secret = issued.secret;
      const previousExpiresAtMs = Math.min(previous.expiresAtMs, nowMs + overlapMs);
      return {
        token: issued.token,
        previousExpiresAtMs,
        draft: apiTokenRotated(call, issued.token, previousExpiresAtMs),
      };
    });
    return { secret, ...rotated };
  };
}

function requireActive(token: StoredApiToken, nowMs: number): void {
  const state = apiTokenState(token, nowMs);
  if (state === "active") return;
  throw new RelataError("API_TOKEN_ENDED", `this API token is ${state} and cannot be rotated: make a new one`, {
    metadata: { state },
  });
}
