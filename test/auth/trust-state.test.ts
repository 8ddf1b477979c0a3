import { expect, test } from "vitest";
import { createTrustState } from "../../src/auth/trust-state.ts";
import type { Revoked, StoredRevocation } from "../../src/model/trust-store.ts";

const ISSUER = "https://issuer.example";
const MINUTE_MS = 60_000;

const revocation = (what: Revoked, obsoleteAtMs: number, issuer = ISSUER): StoredRevocation => ({
  id: "",
  issuer,
  what,
  createdAtMs: 0,
  createdBy: "",
  reason: "",
  obsoleteAtMs,
});
const token = (tokenId: string, obsoleteAtMs = Infinity, issuer = ISSUER) =>
  revocation({ kind: "token", tokenId }, obsoleteAtMs, issuer);
const subject = (name: string, issuedBeforeMs: number, obsoleteAtMs = Infinity) =>
  revocation({ kind: "subject", subject: name, issuedBeforeMs }, obsoleteAtMs);
const claims = (more: object) => ({ issuer: ISSUER, subject: "s", tokenId: undefined, issuedAtMs: 0, ...more });

test("a revocation names one issuer's tokens by jti, or a subject's that were issued before", () => {
  const state = createTrustState();
  state.putRevocations([token("j1"), subject("anne", 5_000)]);
  const revoked = (more: object) => state.isRevoked(claims(more));
  expect(revoked({ tokenId: "j1" })).toBe(true);
  expect(revoked({ tokenId: "j1", issuer: "https://other.example" })).toBe(false);
  expect(revoked({ tokenId: "j2" })).toBe(false);
  expect(revoked({ subject: "anne", issuedAtMs: 4_999 })).toBe(true);
  expect(revoked({ subject: "anne", issuedAtMs: 5_000 })).toBe(false);
  expect(revoked({ subject: "anne" })).toBe(true);
  expect(revoked({ subject: "j1" })).toBe(false);
});

test("two revocations of one subject or token stand for the longer of each", () => {
  const state = createTrustState();
  state.putRevocations([subject("anne", 9_000, MINUTE_MS), subject("anne", 5_000, 3 * MINUTE_MS)]);
  state.putRevocations([token("j1", 3 * MINUTE_MS), token("j1", MINUTE_MS)]);
  state.forgetObsolete(2 * MINUTE_MS);
  expect(state.isRevoked(claims({ subject: "anne", issuedAtMs: 8_999 }))).toBe(true);
  expect(state.isRevoked(claims({ tokenId: "j1" }))).toBe(true);
  state.forgetObsolete(4 * MINUTE_MS);
  expect(state.sizes().revocations).toBe(0);
});

test("revocations are forgotten once no token they name can be unexpired, and not a moment before", () => {
  const state = createTrustState();
  const many = Array.from({ length: 1_000 }, (_, at) => token(`j${at}`, at % 2 === 0 ? MINUTE_MS : 5 * MINUTE_MS));
  state.putRevocations([...many, subject("anne", 1, MINUTE_MS), token("k", MINUTE_MS, "https://other.example")]);
  state.forgetObsolete(MINUTE_MS - 1);
  expect(state.sizes().revocations).toBe(1_002);
  const { version } = state;
  state.forgetObsolete(2 * MINUTE_MS);
  expect(state.sizes().revocations).toBe(500);
  expect(state.isRevoked(claims({ tokenId: "j1" }))).toBe(true);
  // Nobody needs to be judged again for it.
  expect(state.version).toBe(version);
});

test("a clock that was put back keeps nothing from being forgotten later", () => {
  const state = createTrustState();
  state.forgetObsolete(1_000 * MINUTE_MS);
  state.putRevocations([token("j1", 2 * MINUTE_MS)]);
  state.forgetObsolete(MINUTE_MS);
  expect(state.sizes().revocations).toBe(1);
  state.forgetObsolete(2 * MINUTE_MS);
  expect(state.sizes().revocations).toBe(0);
});
