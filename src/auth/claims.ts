import type { TrustedIssuer } from "../model/trust.ts";
import { checkProfileClaims, requiredString } from "./profile.ts";
import { refuse, shown } from "./refusal.ts";
import type { JsonMembers } from "./strict-json.ts";

/** Longest `sub`, bytes: it is kept in history and logs. */
const MAX_SUBJECT_BYTES = 512;
/** Seconds since the epoch at the end of the year 9999. */
const MAX_NUMERIC_DATE = 253_402_300_799;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a log
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Judges the claims of a token whose signature holds.
 * @param nowMs milliseconds since the epoch
 * @returns the subject, and when the token ends, milliseconds since the epoch
 */
export function checkClaims(
  claims: JsonMembers,
  issuer: TrustedIssuer,
  nowMs: number,
): { readonly subject: string; readonly expiresAtMs: number } {
  // RFC 7800: a token with a confirmation is worth nothing without its proof, and no kind of proof is understood.
  if (claims.has("cnf")) refuse("cnf_unsupported");
  checkProfileClaims(issuer.profile, claims);
  const subject = requiredString(claims, "sub");
  if (Buffer.byteLength(subject) > MAX_SUBJECT_BYTES || CONTROL.test(subject)) refuse("claim_invalid", "sub");
  checkAudience(claims.get("aud"), issuer.audiences);
  const expiresAtMs = checkTimes(claims, issuer, nowMs);
  return { subject, expiresAtMs };
}

function checkAudience(claim: unknown, trusted: readonly string[]): void {
  if (claim === undefined) refuse("claim_missing", "aud");
  const audiences: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (!audiences.every((audience) => typeof audience === "string")) refuse("claim_invalid", "aud");
  if (!audiences.some((audience) => trusted.includes(audience))) refuse("audience_mismatch", shown(claim));
}

function checkTimes(claims: JsonMembers, issuer: TrustedIssuer, nowMs: number): number {
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
  return expiresAtMs;
}

/** A NumericDate (RFC 7519 §2, seconds, fractions allowed) in milliseconds. */
function numericDateMs(claims: JsonMembers, name: string): number | undefined {
  const value = claims.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !(value > 0 && value <= MAX_NUMERIC_DATE)) refuse("claim_invalid", name);
  return Math.floor(value * 1000);
}
