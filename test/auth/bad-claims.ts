import type { RefusalReason } from "../../src/auth/refusal.ts";
import type { TestIssuer } from "../support/tokens.ts";
import { type BadToken, bad, nowS, type World } from "./world.ts";

type Change = Record<string, unknown> | ((nowS: number, issuer: TestIssuer) => Record<string, unknown>);

/** A token of the oauth issuer with other claims, and the same with claims just good enough. */
function claimed(reason: RefusalReason, name: string, wrong: Change, right?: Change): BadToken {
  const with_ = (change: Change) => (w: World) =>
    w.oauth.bearer(typeof change === "function" ? change(nowS(w), w.oauth) : change);
  return bad(reason, name, with_(wrong), right && with_(right));
}

export const badClaims: readonly BadToken[] = [
  claimed("claim_missing", "no client", { client_id: undefined }, { client_id: "c" }),
  claimed("claim_missing", "no token id", { jti: undefined }, { jti: "1" }),
  claimed("claim_missing", "no subject", { sub: undefined }),
  claimed("claim_missing", "no audience", { aud: undefined }),
  claimed("claim_missing", "no issue time", { iat: undefined }),
  claimed("claim_invalid", "a client that is a number", { client_id: 7 }),
  claimed("claim_invalid", "an empty token id", { jti: "" }),
  claimed("claim_invalid", "a token id with a line break", { jti: "1\n2" }),
  claimed("claim_invalid", "a token id too long", { jti: "j".repeat(513) }, { jti: "j".repeat(512) }),
  claimed("claim_invalid", "a subject that is a number", { sub: 7 }, { sub: "7" }),
  claimed("claim_invalid", "an empty subject", { sub: "" }),
  claimed("claim_invalid", "a subject with a line break", { sub: "service\nadmin" }),
  claimed("claim_invalid", "a subject too long", { sub: "s".repeat(513) }, { sub: "s".repeat(512) }),
  claimed(
    "claim_invalid",
    "an expiry in words",
    (now) => ({ exp: String(now + 60) }),
    (now) => ({ exp: now + 60.5 }),
  ),
  claimed("claim_invalid", "an expiry beyond all calendars", { exp: 1e300 }),
  claimed("claim_invalid", "an expiry that is null", { exp: null }),
  claimed("claim_invalid", "an issue time before time", { iat: -1 }),
  claimed("claim_invalid", "a start in words", { nbf: "now" }, (now) => ({ nbf: now })),
  claimed(
    "claim_invalid",
    "an expiry not after the issue",
    (now) => ({ iat: now + 10, exp: now + 10 }),
    (now) => ({
      iat: now + 10,
      exp: now + 11,
    }),
  ),
  claimed("claim_invalid", "an audience that is a number", { aud: 1 }),
  claimed(
    "claim_invalid",
    "an audience list with a number",
    (_, { audience }) => ({ aud: [audience, 1] }),
    (_, i) => ({
      aud: ["other", i.audience],
    }),
  ),
  claimed("claim_invalid", "a scope that is an object", { scope: { check: true } }, { scope: ["check"] }),
  claimed("audience_mismatch", "for another service", { aud: "other" }),
  claimed("audience_mismatch", "for no service", { aud: [] }),
  claimed("audience_mismatch", "an audience that only begins alike", (_, i) => ({ aud: `${i.audience}-two` })),
  claimed("audience_mismatch", "an audience in capitals", (_, i) => ({ aud: i.audience.toUpperCase() })),
  claimed("exp_missing", "no expiry", { exp: undefined }),
  claimed(
    "expired",
    "past the skew",
    (now) => ({ iat: now - 600, exp: now - 30 }),
    (now) => ({
      iat: now - 600,
      exp: now - 29.999,
    }),
  ),
  claimed("expired", "years ago", (now) => ({ iat: now - 90_000_000, exp: now - 89_999_000 })),
  claimed(
    "not_yet_valid",
    "starts past the skew",
    (now) => ({ nbf: now + 30.001 }),
    (now) => ({ nbf: now + 30 }),
  ),
  claimed(
    "issued_in_future",
    "issued past the skew",
    (now) => ({ iat: now + 30.001 }),
    (now) => ({ iat: now + 30 }),
  ),
  claimed(
    "lifetime_too_long",
    "a second too long",
    (now) => ({ exp: now + 3601 }),
    (now) => ({ exp: now + 3600 }),
  ),
  claimed("lifetime_too_long", "a year", (now) => ({ exp: now + 31_536_000 })),
  claimed("tenant_claim_missing", "no tenant", { tenant: undefined }),
  claimed("tenant_claim_invalid", "a list of tenants", { tenant: ["acme"] }),
  claimed("tenant_claim_invalid", "a tenant in capitals", { tenant: "ACME" }, { tenant: "acme" }),
  claimed("tenant_claim_invalid", "an empty tenant", { tenant: "" }),
  claimed("tenant_claim_invalid", "a tenant with a path", { tenant: "acme/../globex" }),
  bad(
    "token_kind_not_allowed",
    "a logout token in a plain JWT's clothes",
    (w) => w.oidc.bearer({ events: { "http://schemas.openid.net/event/backchannel-logout": {} } }),
    (w) => w.oidc.bearer({ azp: "client", nonce: "n", aud: ["account", w.oidc.audience] }),
  ),
  bad(
    "subject_unbound",
    "a subject nobody bound",
    (w) => w.bound.bearer({ sub: "stranger" }),
    (w) => w.bound.bearer(),
  ),
  bad(
    "subject_unbound",
    "a subject that only begins like a bound one",
    (w) => w.bound.bearer({ sub: "service2" }),
    (w) => w.bound.bearer(),
  ),
  bad(
    "subject_unbound",
    "a neighbour of a prefix",
    (w) => w.bound.bearer({ sub: "repo:acme-evil/app" }),
    (w) => w.bound.bearer({ sub: "repo:acme/app:ref:refs/heads/main" }),
  ),
  bad("subject_unbound", "a tenant claim where bindings decide", (w) => w.bound.bearer({ sub: "x", tenant: "acme" })),
];
