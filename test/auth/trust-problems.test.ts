import { expect, test } from "vitest";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import { trustProblems } from "../../src/auth/trust-problems.ts";
import { whyUnsafeUrl } from "../../src/auth/url.ts";
import type { Binding, TrustedIssuer } from "../../src/model/trust.ts";
import { recordLog } from "./rig.ts";

const ISSUER: TrustedIssuer = {
  issuer: "https://issuer.example",
  profile: "oauth",
  keys: { kind: "discovery" },
  algorithms: ["ES256"],
  audiences: ["relata"],
  tenant: { kind: "bindings" },
  scopes: ["check"],
  maxLifetimeMs: 3_600_000,
  clockSkewMs: 60_000,
};
const BINDING: Binding = {
  issuer: ISSUER.issuer,
  subject: "service",
  tenants: ["acme"],
  platform: false,
  scopes: ["check"],
};
const PLATFORM: Binding = { ...BINDING, subject: "operator", platform: true, tenants: [] };

test("sound settings have no problem", () => {
  const local = { ...ISSUER, issuer: "http://localhost:8081" };
  const named = { ...ISSUER, issuer: "accounts", keys: { kind: "file", path: "jwks.json" } } as const;
  expect(trustProblems([ISSUER, local, named], [BINDING, PLATFORM, { ...BINDING, subject: "repo:*" }])).toEqual([]);
});

test.each<[string, Partial<TrustedIssuer>, RegExp]>([
  ["no audience", { audiences: [] }, /no audience/],
  ["an empty audience", { audiences: ["relata", ""] }, /no audience/],
  ["no algorithm", { algorithms: [] }, /no algorithm/],
  ["discovery over plain http", { issuer: "http://issuer.example" }, /must be https/],
  ["discovery of a name", { issuer: "accounts" }, /not an absolute URL/],
  ["discovery with a query", { issuer: "https://issuer.example?tenant=1" }, /query or fragment/],
  ["a key set over plain http", { keys: { kind: "jwks", url: "http://issuer.example/jwks" } }, /must be https/],
  ["a key set on disk", { keys: { kind: "jwks", url: "file:///jwks" } }, /must be https/],
  ["a key file without path", { keys: { kind: "file", path: "" } }, /path is empty/],
  ["no lifetime", { maxLifetimeMs: 0 }, /maxLifetimeMs/],
  ["a lifetime that is no number", { maxLifetimeMs: Number.NaN }, /maxLifetimeMs/],
  ["a skew of hours", { clockSkewMs: 60_001 }, /clockSkewMs/],
  ["the name of relata's own API tokens", { issuer: "relata", keys: { kind: "file", path: "f" } }, /API tokens/],
  [
    "everybody's binding where a profile has its own",
    { profile: "kubernetes", bindAnySubject: true },
    /oauth and oidc/,
  ],
  ["a tenant claim without name", { tenant: { kind: "claim", claim: "" } }, /has no name/],
])("an issuer with %s is a problem", (_name, change, problem) => {
  expect(trustProblems([{ ...ISSUER, ...change }], [])).toEqual([expect.stringMatching(problem)]);
});

test.each<[string, readonly Partial<Binding>[], RegExp]>([
  ["of an issuer nobody trusts", [{ issuer: "https://other.example" }], /not among the trusted ones/],
  ["without subject", [{ subject: "" }], /subject is empty/],
  ["with a star inside", [{ subject: "repo:*:main" }], /at its end only/],
  ["to no tenant", [{ tenants: [] }], /names no tenant/],
  ["to what cannot be a tenant", [{ tenants: ["acme", "ACME Inc"] }], /not a tenant's slug: ACME Inc/],
  ["of everybody, where the issuer does not allow it", [{ subject: "*" }], /everybody its issuer knows/],
  ["to both kinds", [{}, { platform: true }], /use two/],
  ["to both kinds by prefix", [{ subject: "service*" }, { subject: "serv*", platform: true }], /use two/],
  ["to both kinds, the tenants by prefix", [{ subject: "serv*" }, { platform: true }], /use two/],
  ["to both kinds, one by prefix", [{}, { subject: "serv*", platform: true }], /use two/],
])("a binding %s is a problem", (_name, changes, problem) => {
  const bindings = changes.map((change) => ({ ...BINDING, ...change }));
  expect(trustProblems([ISSUER], bindings)).toEqual([expect.stringMatching(problem)]);
});

test("everybody of an issuer that allows it may be bound to tenants, and never to the platform", () => {
  const issuer = { ...ISSUER, bindAnySubject: true };
  expect(trustProblems([issuer], [{ ...BINDING, subject: "*" }])).toEqual([]);
  expect(trustProblems([issuer], [{ ...PLATFORM, subject: "*" }])).toEqual([expect.stringMatching(/not for every/)]);
});

test("a tenant binding where a claim decides is a problem, a platform binding is not", () => {
  const claiming: TrustedIssuer = { ...ISSUER, tenant: { kind: "claim", claim: "tenant" } };
  expect(trustProblems([claiming], [BINDING, PLATFORM])).toEqual([
    expect.stringMatching(/only platform bindings count/),
  ]);
});

test("an authenticator does not start with problems, and tells them all", () => {
  const settings = { issuers: [{ ...ISSUER, audiences: [], algorithms: [] }, ISSUER], bindings: [] };
  const start = (): unknown => createAuthenticator(settings, { now: Date.now, log: recordLog().log });
  expect(start).toThrow(/no algorithm(.|\n)*no audience(.|\n)*is there twice/);
});

test.each([
  "https://issuer.example/jwks",
  "http://localhost:1/jwks",
  "http://127.0.0.1/jwks",
  "http://127.9.9.9:80/jwks",
  "http://[::1]:80/jwks",
])("keys may come from %s", (url) => expect(whyUnsafeUrl(url)).toBeUndefined());

test.each([
  "http://issuer.example",
  "http://127.0.0.1.example",
  "http://localhost.example",
  "http://10.0.0.1",
  "https://user@issuer.example",
  "https://u:p@issuer.example",
  "ftp://127.0.0.1",
  "data:application/json,{}",
  "/jwks",
  "",
])("keys may not come from %s", (url) => expect(whyUnsafeUrl(url)).toBeTypeOf("string"));
