import type { ApiTokenPolicy } from "../../model/api-token.ts";
import type { TenantCall } from "../call.ts";
import type { CredentialDeps } from "./deps.ts";
import { apiTokenPolicySet } from "./drafts.ts";
import { invalid } from "./fields.ts";

export type GetApiTokenPolicy = (call: TenantCall) => Promise<ApiTokenPolicy>;
export type SetApiTokenPolicy = (call: TenantCall, policy: ApiTokenPolicy) => Promise<ApiTokenPolicy>;

const MIN_LIFETIME_MS = 60_000;
const MAX_LIFETIME_MS = 5 * 366 * 24 * 3_600_000;
const MAX_ACTIVE = 10_000;

export function createGetApiTokenPolicy({ store }: CredentialDeps): GetApiTokenPolicy {
  return ({ tenant }) => store.apiTokens.policy(tenant.id);
}

/** For tokens made from now on. */
export function createSetApiTokenPolicy({ store }: CredentialDeps): SetApiTokenPolicy {
  return async (call, policy) => {
    const { defaultLifetimeMs, maxLifetimeMs, maxActive } = policy;
    if (defaultLifetimeMs < MIN_LIFETIME_MS) throw invalid("policy.default_lifetime", "must be at least a minute");
    if (maxLifetimeMs > MAX_LIFETIME_MS) throw invalid("policy.max_lifetime", "must be at most five years");
    if (defaultLifetimeMs > maxLifetimeMs) throw invalid("policy.default_lifetime", "is longer than max_lifetime");
    if (maxActive > MAX_ACTIVE) throw invalid("policy.max_active", `must be at most ${MAX_ACTIVE}`);
    await store.apiTokens.setPolicy(call.tenant.id, policy, apiTokenPolicySet(call, policy));
    return policy;
  };
}
