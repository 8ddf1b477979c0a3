import { describe, expect, test } from "vitest";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import { UNKNOWN_PEER } from "../../src/model/peer.ts";
import { SCOPES, type Scope } from "../../src/model/scope.ts";
import type { Binding } from "../../src/model/trust.ts";
import type { Claims } from "../support/tokens-raw.ts";
import { type RigOptions, recordLog, startRig, verdict } from "./rig.ts";

async function principalOf(options: RigOptions, claims: Claims = {}) {
  const rig = await startRig(options);
  try {
    return await rig.auth.authenticate(rig.issuer.bearer(claims), UNKNOWN_PEER);
  } finally {
    await rig.close();
  }
}

const binding = (issuer: string, changes: Partial<Binding>): Binding => ({
  issuer,
  subject: "service",
  tenants: ["acme"],
  platform: false,
  scopes: ["check"],
  ...changes,
});

const bound = (...changes: readonly Partial<Binding>[]): RigOptions => ({
  trust: { tenant: { kind: "bindings" } },
  bindings: (issuer) => changes.map((change) => binding(issuer, change)),
});

describe("a tenant claim", () => {
  test.each<[Claims, readonly Scope[]]>([
    [{ scope: "check tuples:read" }, ["check", "tuples:read"]],
    [{ scope: "openid check profile CHECK" }, ["check"]],
    [{ scope: ["check", "schema:read"] }, ["check", "schema:read"]],
    [{ scope: undefined, scp: ["tuples:write"] }, ["tuples:write"]],
    [{ scope: undefined, scp: "tuples:write check" }, ["check", "tuples:write"]],
    [{ scope: "check", scp: ["schema:write"] }, ["check"]],
    [{ scope: "" }, []],
    [{ scope: undefined }, []],
    [{ scope: "schema:write check" }, ["check"]],
  ])("with %j allows %j under the issuer's ceiling", async (claims, expected) => {
    const scopes = SCOPES.filter((scope) => scope !== "schema:write");
    const principal = await principalOf({ trust: { scopes } }, claims);
    expect([...principal.access.keys()].sort()).toEqual([...expected].sort());
    expect(principal.grant).toEqual({ kind: "tenants", slugs: ["acme"] });
  });

  test("of any name is taken, and what the token says elsewhere of tenants is not", async () => {
    const trust = { tenant: { kind: "claim", claim: "https://relata.example/tenant" } } as const;
    const principal = await principalOf({ trust }, { "https://relata.example/tenant": "globex" });
    expect(principal.grant).toEqual({ kind: "tenants", slugs: ["globex"] });
  });

  test("is not needed by a subject bound to the platform, and gives it no tenant", async () => {
    const options: RigOptions = {
      bindings: (issuer) => [binding(issuer, { platform: true, tenants: [], scopes: ["tenants:read"] })],
    };
    for (const tenant of ["acme", undefined]) {
      const principal = await principalOf(options, { tenant });
      expect(principal.grant).toEqual({ kind: "platform" });
      expect([...principal.access.keys()]).toEqual(["tenants:read"]);
    }
  });

  test("says who calls, and until when", async () => {
    const rig = await startRig();
    const iat = Math.floor(rig.clock.now() / 1000);
    await expect(rig.auth.authenticate(rig.issuer.bearer({ exp: iat + 90 }), UNKNOWN_PEER)).resolves.toMatchObject({
      issuer: rig.issuer.issuer,
      subject: "service",
      actor: `${rig.issuer.issuer}|service`,
      expiresAtMs: (iat + 90) * 1000,
    });
    await rig.close();
  });
});

describe("bindings", () => {
  test("add up, each in its own tenants: a grant in one does not reach another", async () => {
    const principal = await principalOf(
      bound(
        { tenants: ["prod", "test"], scopes: ["check", "tuples:read"] },
        { tenants: ["test"], scopes: ["tuples:write", "check"] },
        { subject: "serv*", tenants: ["extra"], scopes: ["check", "schema:read"] },
      ),
    );
    expect(principal.grant).toEqual({ kind: "tenants", slugs: ["prod", "test", "extra"] });
    const scopes = new Map(
      [...(principal.accessByTenant ?? [])].map(([slug, held]) => [slug, [...held.keys()].sort()]),
    );
    expect(scopes).toEqual(
      new Map([
        ["prod", ["check", "tuples:read"]],
        ["test", ["check", "tuples:read", "tuples:write"]],
        ["extra", ["check", "schema:read"]],
      ]),
    );
    expect([...principal.access.keys()]).toEqual(["check"]);
  });

  test("give nothing above the issuer's ceiling, and the token's own scopes give nothing at all", async () => {
    const options = bound({ scopes: ["check", "schema:write"] });
    const principal = await principalOf({ ...options, trust: { ...options.trust, scopes: ["check", "tuples:write"] } });
    expect([...principal.access.keys()]).toEqual(["check"]);
  });

  test("to the platform add up too", async () => {
    const principal = await principalOf(
      bound(
        { platform: true, tenants: [], scopes: ["tenants:read"] },
        { platform: true, tenants: [], subject: "serv*", scopes: ["tenants:write"] },
      ),
    );
    expect(principal.grant).toEqual({ kind: "platform" });
    expect([...principal.access.keys()].sort()).toEqual(["tenants:read", "tenants:write"]);
  });

  test("of one issuer do not bind the same subject of another", async () => {
    const one = await startRig(bound({}));
    const two = await startRig({ trust: { tenant: { kind: "bindings" } } });
    const log = recordLog();
    const auth = createAuthenticator(
      {
        issuers: [one, two].map(({ issuer }) => issuer.trust({ tenant: { kind: "bindings" } })),
        bindings: [binding(one.issuer.issuer, {})],
      },
      { now: one.clock.now, log: log.log },
    );
    expect(await verdict(auth, one.issuer.bearer())).toBe("accepted");
    expect(await verdict(auth, two.issuer.bearer())).toBe("subject_unbound");
    expect(await verdict(auth, two.issuer.bearer({ iss: one.issuer.issuer }))).toBe("key_unknown");
    const forged = two.issuer.bearer({ iss: one.issuer.issuer }, { kid: one.issuer.key().kid });
    expect(await verdict(auth, forged)).toBe("bad_signature");
    for (const opened of [one, two]) await opened.close();
    auth.close();
  });

  test("match exactly, or from the beginning", async () => {
    const rig = await startRig(bound({ subject: "repo:acme/*" }, { subject: "exact" }));
    const of = (sub: string): Promise<string> => verdict(rig.auth, rig.issuer.bearer({ sub }));
    for (const sub of ["repo:acme/", "repo:acme/app", "exact"]) expect(await of(sub)).toBe("accepted");
    for (const sub of ["repo:acme", "Repo:acme/app", "xrepo:acme/app", "exact2", "exac", "*", "repo:*"]) {
      expect(await of(sub)).toBe("subject_unbound");
    }
    await rig.close();
  });
});
