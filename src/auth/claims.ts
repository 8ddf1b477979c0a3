import { UNKNOWN_PEER } from "../model/peer.ts";
import type { TrustedIssuer } from "../model/trust.ts";
import { boundCertificate, requireCertificate } from "./certificate-binding.ts";
import { grantClaims } from "./grant.ts";
import { identityOf } from "./identity.ts";
import { furtherRevocables } from "./own-token.ts";
import { checkProfileClaims, rulesOf } from "./profile.ts";
import type { Proof } from "./proof.ts";
import { refuse, shown } from "./refusal.ts";
import { requiredString } from "./required-string.ts";
import type { JsonMembers } from "./strict-json.ts";

/** Longest `jti`, bytes: it is kept in history and logs. */
const MAX_TOKEN_ID_BYTES = 512;
/** Seconds since the epoch at the end of the year 9999. */
const MAX_NUMERIC_DATE = 253_402_300_799;

/**
 * Judges the claims of a token whose signature holds.
 * @param nowMs milliseconds since the epoch
 * @param peer whose connection it came over: a token that is bound to a certificate proves nobody else
 */
export function checkClaims(claims: JsonMembers, issuer: TrustedIssuer, nowMs: number, peer = UNKNOWN_PEER): Proof {
  const certificate = boundCertificate(claims);
  if (certificate !== undefined) requireCertificate(certificate, peer);
  else if (issuer.requireCertificateBinding === true) refuse("certificate_binding_missing");
  checkProfileClaims(issuer.profile, claims);
  const identity = identityOf(issuer.profile, claims);
  const tokenId = claims.has("jti") ? requiredString(claims, "jti", MAX_TOKEN_ID_BYTES) : undefined;
  checkAudience(claims.get("aud"), issuer);
  const times = checkTimes(claims, issuer, nowMs);
  const proof = { issuer, ...identity, tokenId, certificate, ...times, grantClaims: grantClaims(issuer, claims) };
  if (issuer.keys.kind !== "own") return proof;
  return { ...proof, further: furtherRevocables(claims, { ...proof, issuer: issuer.issuer }) };
}

function checkAudience(claim: unknown, { audiences: trusted, requireSingleAudience }: TrustedIssuer): void {
  if (claim === undefined) refuse("claim_missing", "aud");
  const audiences: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (!audiences.every((audience) => typeof audience === "string")) refuse("claim_invalid", "aud");
  if (!audiences.some((audience) => trusted.includes(audience))) refuse("audience_mismatch", shown(claim));
  if (requireSingleAudience === true && audiences.length > 1) refuse("audience_not_single", shown(claim));
}

function checkTimes(
  claims: JsonMembers,
  issuer: TrustedIssuer,
  nowMs: number,
): Pick<Proof, "issuedAtMs" | "expiresAtMs"> {
  const expiresAtMs = numericDateMs(claims, "exp") ?? refuse("exp_missing");
  const issuedAtMs = numericDateMs(claims, "iat");
  if (issuedAtMs === undefined && rulesOf(issuer.profile).issuedAt === "required") refuse("claim_missing", "iat");
  const notBeforeMs = numericDateMs(claims, "nbf");
  const skew = issuer.clockSkewMs;
  if (nowMs >= expiresAtMs + skew) refuse("expired", `${nowMs - expiresAtMs} ms ago`);
  if (notBeforeMs !== undefined && notBeforeMs > nowMs + skew) refuse("not_yet_valid", `in ${notBeforeMs - nowMs} ms`);
  if (issuedAtMs !== undefined && issuedAtMs > nowMs + skew) refuse("issued_in_future", `in ${issuedAtMs - nowMs} ms`);
  const lifetimeMs = expiresAtMs - (issuedAtMs ?? nowMs);
  if (issuedAtMs !== undefined && lifetimeMs <= 0) refuse("claim_invalid", "exp is not after iat");
  if (lifetimeMs > issuer.maxLifetimeMs)
    refuse("lifetime_too_long", `${lifetimeMs} ms, at most ${issuer.maxLifetimeMs}`);
  return { issuedAtMs: issuedAtMs ?? 0, expiresAtMs };
}

/** A NumericDate (RFC 7519 §2, seconds, fractions allowed) in milliseconds. */
function numericDateMs(claims: JsonMembers, name: string): number | undefined {
  const value = claims.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !(value > 0 && value <= MAX_NUMERIC_DATE)) refuse("claim_invalid", name);
  return Math.floor(value * 1000);
}
