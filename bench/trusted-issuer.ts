import { DEV_AUDIENCE, TOKEN_LIFETIME_S } from "../src/cli/dev/issuer.ts";
import type { Scope } from "../src/model/scope.ts";
import type { TrustedIssuer } from "../src/model/trust.ts";

/** How a server of the bench is told to trust the local issuer: tenants come from bindings. */
export function localTrust(issuer: string, scopes: readonly Scope[]): TrustedIssuer {
  return {
    issuer,
    profile: "oauth",
    keys: { kind: "discovery" },
    algorithms: ["ES256"],
    audiences: [DEV_AUDIENCE],
    tenant: { kind: "bindings" },
    scopes,
    maxLifetimeMs: TOKEN_LIFETIME_S * 1000,
    clockSkewMs: 0,
  };
}
