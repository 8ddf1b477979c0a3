import type { StoredApiToken } from "../../model/api-token.ts";
import type { TenantCall } from "../call.ts";
import type { CredentialDeps } from "./deps.ts";
import { apiTokenRevoked } from "./drafts.ts";

export type RevokeApiToken = (call: TenantCall, keyId: string) => Promise<StoredApiToken>;

/** Twice is no error. @throws API_TOKEN_NOT_FOUND, also for one of another tenant */
export function createRevokeApiToken({ store }: CredentialDeps): RevokeApiToken {
  return (call, keyId) => store.apiTokens.revoke(call.tenant.id, keyId, call.nowMs, apiTokenRevoked(call, keyId));
}
