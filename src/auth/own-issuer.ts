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

/** Whose tokens can be revoked, and how long one that is revoked could otherwise be used. */
export type RevocableIssuer = Pick<TrustedIssuer, "issuer" | "clockSkewMs" | "maxLifetimeMs">;

/**
 * Besides those that prove callers: the own one, whose refresh tokens go on after its access tokens have ended, and those whose
 * tokens are exchanged for them.
 */
export function revocableIssuers(
  issuers: readonly TrustedIssuer[],
  own: TokenServiceSettings | undefined,
): readonly RevocableIssuer[] {
  if (own === undefined) return issuers;
  const further = own.refreshTokenLifetimeMs + MAX_ACCESS_TOKEN_MS;
  const exchanged = own.exchange?.issuers ?? [];
  const others = issuers.filter(({ issuer }) => !exchanged.some((other) => other.issuer === issuer));
  return [
    ...others,
    { issuer: own.issuer, clockSkewMs: CLOCK_SKEW_MS, maxLifetimeMs: further },
    ...exchanged.map(({ issuer, clockSkewMs, maxLifetimeMs }) => {
      const same = issuers.find((other) => other.issuer === issuer);
      return {
        issuer,
        clockSkewMs: Math.max(clockSkewMs, same?.clockSkewMs ?? 0),
        maxLifetimeMs: Math.max(maxLifetimeMs + further, same?.maxLifetimeMs ?? 0),
      };
    }),
  ];
}
