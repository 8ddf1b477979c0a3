import type { TrustedIssuer } from "../model/trust.ts";
import { grantClaims } from "./grant.ts";
import { furtherRevocables } from "./own-token.ts";
import { checkProfileClaims, requiredString } from "./profile.ts";
import type { Proof } from "./proof.ts";
import { refuse, shown } from "./refusal.ts";
import type { JsonMembers } from "./strict-json.ts";

/** Longest `sub` and `jti`, bytes: they are kept in history and logs. */
const MAX_NAME_BYTES = 512;
/** Seconds since the epoch at the end of the year 9999. */
const MAX_NUMERIC_DATE = 253_402_300_799;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a log
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Judges the claims of a token whose signature holds.
 * @param nowMs milliseconds since the epoch
 */
export function checkClaims(claims: JsonMembers, issuer: TrustedIssuer, nowMs: number): Proof {
  // RFC 7800: a token with a confirmation is worth nothing without its proof, and no kind of proof is understood.
  if (claims.has("cnf")) refuse("cnf_unsupported");
  checkProfileClaims(issuer.profile, claims);
  const subject = name(claims, "sub");
  const tokenId = claims.has("jti") ? name(claims, "jti") : undefined;
  checkAudience(claims.get("aud"), issuer.audiences);
  const times = checkTimes(claims, issuer, nowMs);
  const proof = { issuer, subject, tokenId, ...times, grantClaims: grantClaims(issuer, claims) };
  if (issuer.keys.kind !== "own") return proof;
  return { ...proof, further: furtherRevocables(claims, { ...proof, issuer: issuer.issuer }) };
}

/** A required string that may be kept, and shown. */
function name(claims: JsonMembers, claim: string): string {
  const value = requiredString(claims, claim);
  if (Buffer.byteLength(value) > MAX_NAME_BYTES || CONTROL.test(value)) refuse("claim_invalid", claim);
  return value;
}

function checkAudience(claim: unknown, trusted: readonly string[]): void {
  if (claim === undefined) refuse("claim_missing", "aud");
  const audiences: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (!audiences.every((audience) => typeof audience === "string")) refuse("claim_invalid", "aud");
  if (!audiences.some((audience) => trusted.includes(audience))) refuse("audience_mismatch", shown(claim));
}

function checkTimes(
  claims: JsonMembers,
  issuer: TrustedIssuer,
  nowMs: number,
): Pick<Proof, "issuedAtMs" | "expiresAtMs"> {
  const expiresAtMs = numericDateMs(claims, "exp") ?? refuse("exp_missing");
  const issuedAtMs = numericDateMs(claims, "iat") ?? refuse("claim_missing", "iat");
  const notBeforeMs = numericDateMs(claims, "nbf");
  const skew = issuer.clockSkewMs;
  if (nowMs >= expiresAtMs + skew) refuse("expired", `${nowMs - expiresAtMs} ms ago`);
  if (notBeforeMs !== undefined && notBeforeMs > nowMs + skew) refuse("not_yet_valid", `in ${notBeforeMs - nowMs} ms`);
  if (issuedAtMs > nowMs + skew) refuse("issued_in_future", `in ${issuedAtMs - nowMs} ms`);
  const lifetimeMs = expiresAtMs - issuedAtMs;
  if (lifetimeMs <= 0) refuse("claim_invalid", "exp is not after iat");
  if (lifetimeMs > issuer.maxLifetimeMs)
    refuse("lifetime_too_long", `${lifetimeMs} ms, at most ${issuer.maxLifetimeMs}`);
  return { issuedAtMs, expiresAtMs };
}

/** A NumericDate (RFC 7519 §2, seconds, fractions allowed) in milliseconds. */
function numericDateMs(claims: JsonMembers, name: string): number | undefined {
  const value = claims.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !(value > 0 && value <= MAX_NUMERIC_DATE)) refuse("claim_invalid", name);
  return Math.floor(value * 1000);
}
