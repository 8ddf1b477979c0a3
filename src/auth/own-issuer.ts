import type { TokenServiceSettings } from "../model/token-service.ts";
import type { TrustedIssuer } from "../model/trust.ts";
import { MAX_ACCESS_TOKEN_MS } from "./own-keys.ts";
import { OWN_CLAIMS } from "./own-token.ts";

/** Processes of a fleet agree about the time to within this. */
const CLOCK_SKEW_MS = 10_000;

/** How far tokens of the own token service are trusted. No other issuer of the same name can be configured beside it. */
export function trustInOwn({ issuer, audience, scopes }: TokenServiceSettings): TrustedIssuer {
  return {
    issuer,
    profile: "oauth",
    keys: { kind: "own" },
    algorithms: ["ES256"],
    audiences: [audience],
    tenant: { kind: "claim", claim: OWN_CLAIMS.tenant },
    scopes,
    // Not the setting: a token minted before it was lowered is as good as it was.
    maxLifetimeMs: MAX_ACCESS_TOKEN_MS,
    clockSkewMs: CLOCK_SKEW_MS,
  };
}
