import type { StoredApiToken } from "../../model/api-token.ts";
import type { TenantCall } from "../call.ts";
import type { CredentialDeps } from "./deps.ts";
import { apiTokenCreated } from "./drafts.ts";
import { requireAddressesOfCaller, requireHeldByCaller } from "./held-by-caller.ts";
import { type ApiTokenRights, issueApiToken, requireRights, requireRoom } from "./issue-api-token.ts";

export interface CreateApiTokenRequest extends ApiTokenRights {
  /** Undefined: the policy's default. */
  readonly lifetimeMs: number | undefined;
}

export interface CreateApiTokenAnswer {
  /** Shown here and never again. */
  readonly secret: string;
  readonly token: StoredApiToken;
}

export type CreateApiToken = (call: TenantCall, request: CreateApiTokenRequest) => Promise<CreateApiTokenAnswer>;

export function createCreateApiToken({ store, apiTokenEnv }: CredentialDeps): CreateApiToken {
  return async (call, { lifetimeMs, ...rights }) => {
    requireRights(rights);
    requireHeldByCaller(call, rights);
    requireAddressesOfCaller(call, rights);
    let secret = "";
    const token = await store.apiTokens.create(call.tenant.id, call.nowMs, (facts) => {
      requireRoom(facts, 0);
      const issued = issueApiToken(apiTokenEnv, call, rights, { lifetimeMs, policy: facts.policy });
      secret = issued.secret;
      return { token: issued.token, draft: apiTokenCreated(call, issued.token) };
    });
    return { secret, token };
  };
}
