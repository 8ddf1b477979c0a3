import { newOwnSecret, newPublicId } from "../../auth/own-secret.ts";
import type { TenantCall } from "../call.ts";
import { invalid } from "../credentials/fields.ts";
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

/** @throws CLIENT_NOT_FOUND */
export function createRotateClientSecret({ store, env }: ClientVerbDeps): RotateClientSecret {
  return async (call, { clientId, overlapMs }) => {
    if (!(overlapMs >= 0 && overlapMs <= MAX_OVERLAP_MS)) throw invalid("overlap", "must be from 0 to 7 days");
    const secret = newOwnSecret("rlc", env, newPublicId());
    const change = {
      clientId,
      secret: { keyId: secret.id, sha256: secret.sha256 },
      createdAtMs: call.nowMs,
      oldEndMs: call.nowMs + overlapMs,
    };
    const client = await store.rotateSecret(call.tenant.id, change, {
      event: "client.rotated",
      origin: originOf(call),
      details: { client_id: clientId, key_id: secret.id, overlap_ms: overlapMs },
    });
    return { client, secret: secret.text };
  };
}
