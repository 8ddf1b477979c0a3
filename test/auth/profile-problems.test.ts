import { describe, expect, test } from "vitest";
import { trustProblems } from "../../src/auth/trust-problems.ts";
import type { Binding, TrustedIssuer } from "../../src/model/trust.ts";

const SPIFFE: TrustedIssuer = {
  issuer: "spiffe://prod.example.com",
  profile: "spiffe",
  keys: { kind: "jwks", url: "https://spire.example.com/bundle" },
  algorithms: ["ES256"],
  audiences: ["relata"],
  tenant: { kind: "bindings" },
  scopes: ["check"],
  maxLifetimeMs: 3_600_000,
  clockSkewMs: 10_000,
};
const CLUSTER: TrustedIssuer = {
  ...SPIFFE,
  issuer: "https://kubernetes.example.com",
  profile: "kubernetes",
  keys: { kind: "discovery" },
  algorithms: ["RS256"],
  maxLifetimeMs: 86_400_000,
};
const CLAIM = { kind: "claim", claim: "tenant" } as const;
const CART = "system:serviceaccount:shop:cart";

test.each([SPIFFE, CLUSTER, { ...CLUSTER, requireUid: true }])("sound settings have no problem", (issuer) => {
  expect(trustProblems([issuer], [])).toEqual([]);
});

describe("a trust domain", () => {
  test.each<[string, Partial<TrustedIssuer>, RegExp]>([
    ["with a path", { issuer: "spiffe://prod.example.com/ns" }, /not a trust domain/],
    ["in capitals", { issuer: "spiffe://Prod" }, /not a trust domain/],
    ["that is an address", { issuer: "https://prod.example.com" }, /not a trust domain/],
    ["with EdDSA", { algorithms: ["ES256", "EdDSA"] }, /does not have EdDSA/],
    ["by discovery", { keys: { kind: "discovery" } }, /no discovery document/],
    ["with a bundle over plain http", { keys: { kind: "jwks", url: "http://spire.example.com" } }, /must be https/],
    ["with a tenant claim", { tenant: CLAIM }, /tenants come from bindings/],
    ["with requireUid", { requireUid: true }, /is for profile kubernetes/],
    ["of another profile", { profile: "oidc" }, /has profile spiffe/],
  ])("%s is a problem", (_name, change, problem) => {
    expect(trustProblems([{ ...SPIFFE, ...change }], [])).toEqual([expect.stringMatching(problem)]);
  });
});

describe("a cluster", () => {
  test.each([
    "api",
    "kubernetes",
    "https://kubernetes.default",
    "https://kubernetes.default.svc",
    "https://kubernetes.default.svc/",
    "https://kubernetes.default.svc:443",
    "https://kubernetes.default.svc.cluster.local",
    CLUSTER.issuer,
  ])("with audience %s is a problem: that is the API server's", (audience) => {
    const problem = expect.stringContaining("is the API server's");
    expect(trustProblems([{ ...CLUSTER, audiences: ["relata", audience] }], [])).toEqual([problem]);
  });

  test.each(["https://relata.example.com", "kubernetes-relata", "https://kubernetes.example.org"])(
    "with audience %s is none",
    (audience) => expect(trustProblems([{ ...CLUSTER, audiences: [audience] }], [])).toEqual([]),
  );

  test.each<[string, Partial<TrustedIssuer>, RegExp]>([
    ["whose tokens last as long as extended ones", { maxLifetimeMs: 365 * 86_400_000 }, /above 2592000000/],
    ["with a tenant claim", { tenant: CLAIM }, /tenants come from bindings/],
  ])("%s is a problem", (_name, change, problem) => {
    expect(trustProblems([{ ...CLUSTER, ...change }], [])).toEqual([expect.stringMatching(problem)]);
  });

  test.each(["kubernetes", "oidc"] as const)("of tokens that never end is a problem, as %s too", (profile) => {
    const legacy = { issuer: "kubernetes/serviceaccount", keys: { kind: "file", path: "x" } } as const;
    expect(trustProblems([{ ...CLUSTER, ...legacy, profile }], [])).toEqual([expect.stringMatching(/never end/)]);
  });
});

const bound = (issuer: TrustedIssuer, subject: string, more: Partial<Binding> = {}): Binding => {
  return { issuer: issuer.issuer, subject, tenants: ["acme"], platform: false, scopes: ["check"], ...more };
};

describe("a binding", () => {
  test.each<[TrustedIssuer, string]>([
    [SPIFFE, "spiffe://prod.example.com/ns/shop/*"],
    [SPIFFE, "spiffe://prod.example.com/ns/shop"],
    [CLUSTER, CART],
    [CLUSTER, `${CART}:1b4e28ba`],
    [CLUSTER, "system:serviceaccount:shop:*"],
    [{ ...CLUSTER, requireUid: true }, `${CART}:1b4e28ba`],
  ])("of %o to %s is sound", (issuer, subject) => {
    expect(trustProblems([issuer], [bound(issuer, subject)])).toEqual([]);
  });

  test.each<[TrustedIssuer, string, RegExp]>([
    [SPIFFE, "spiffe://prod.example.com*", /of this trust domain/],
    [SPIFFE, "spiffe://stage.example.com/ns/shop", /of this trust domain/],
    [SPIFFE, "ns/shop", /of this trust domain/],
    [CLUSTER, "cart", /a service account is/],
    [CLUSTER, "system:serviceaccount:shop*", /namespace must be whole/],
    [CLUSTER, "system:serviceaccount:*", /namespace must be whole/],
    [{ ...CLUSTER, requireUid: true }, CART, /requires the uid/],
    [{ ...CLUSTER, requireUid: true }, `${CART}:*`, /requires the uid/],
  ])("of %o to %s is a problem", (issuer, subject, problem) => {
    expect(trustProblems([issuer], [bound(issuer, subject)])).toEqual([expect.stringMatching(problem)]);
  });

  test("of an account's name to the platform, and of its uid to a tenant, are both of one subject", () => {
    const platform = bound(CLUSTER, CART, { platform: true, tenants: [] });
    const both = [expect.stringMatching(/use two/)];
    expect(trustProblems([CLUSTER], [platform, bound(CLUSTER, `${CART}:1b4e28ba`)])).toEqual(both);
    expect(trustProblems([CLUSTER], [platform, bound(CLUSTER, "system:serviceaccount:shop:cart2")])).toEqual([]);
  });

  test("narrows what can be narrowed, and is refused with what cannot", () => {
    const objects = [{ type: "document" }];
    const scopes = ["check", "tuples:read", "tuples:write"] as const;
    expect(trustProblems([CLUSTER], [bound(CLUSTER, CART, { scopes, objects })])).toEqual([]);
    expect(trustProblems([CLUSTER], [bound(CLUSTER, CART, { scopes: ["check", "schema:read"], objects })])).toEqual([
      expect.stringMatching(/schema:read cannot be narrowed/),
    ]);
    expect(trustProblems([CLUSTER], [bound(CLUSTER, CART, { scopes: ["schema:read"], objects: [] })])).toEqual([]);
  });
});
