import { newOwnSecret, newPublicId } from "../../auth/own-secret.ts";
import { RelataError } from "../../errors.ts";
import type { OAuthClient } from "../../model/token-service.ts";
import type { TenantCall } from "../call.ts";
import { invalid } from "../credentials/fields.ts";
import { requireHeldByCaller, requireNoApiToken } from "../credentials/held-by-caller.ts";
import { originOf } from "../origin.ts";
import type { ClientWithSecret } from "./create-client.ts";
import type { ClientVerbDeps } from "./deps.ts";

export interface RotateClientSecretRequest {
  readonly clientId: string;
  /** How long the old secret still works. */
  readonly overlapMs: number;
}

export type RotateClientSecret = (call: TenantCall, request: RotateClientSecretRequest) => Promise<ClientWithSecret>;

const MAX_OVERLAP_MS = 7 * 24 * 3_600_000;
/** Of a client at a time: whoever needs more has forgotten to take the old ones out of use. */
const MAX_SECRETS = 10;

/**
 * To rotate is to be given a secret, so the caller must hold what the client holds.
 * @throws CLIENT_NOT_FOUND; CREDENTIAL_TOO_BROAD; TOO_MANY_CREDENTIALS while too many old secrets still work
 */
export function createRotateClientSecret({ store, env }: ClientVerbDeps): RotateClientSecret {
  return async (call, { clientId, overlapMs }) => {
    if (!(overlapMs >= 0 && overlapMs <= MAX_OVERLAP_MS)) throw invalid("overlap", "must be from 0 to 7 days");
    requireNoApiToken(call);
    const secret = newOwnSecret("rlc", env, newPublicId());
    const change = {
      clientId,
      secret: { keyId: secret.id, sha256: secret.sha256 },
      createdAtMs: call.nowMs,
      oldEndMs: call.nowMs + overlapMs,
      require: (client: OAuthClient) => {
        requireHeldByCaller(call, client);
        // Without an overlap they all end now.
        if (overlapMs > 0) requireRoom(client, call.nowMs);
      },
    };
    const client = await store.rotateSecret(call.tenant.id, change, {
      event: "client.rotated",
      origin: originOf(call),
      details: { client_id: clientId, key_id: secret.id, overlap_ms: overlapMs },
    });
    return { client, secret: secret.text };
  };
}

function requireRoom({ secrets }: OAuthClient, nowMs: number): void {
  const good = secrets.filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs).length;
  if (good < MAX_SECRETS) return;
  throw new RelataError(
    "TOO_MANY_CREDENTIALS",
    `${good} secrets of this client still work: rotate without overlap, which ends them, or wait until some have ended`,
    { metadata: { active: String(good), max: String(MAX_SECRETS) } },
  );
}
