import { describe, expect, test } from "vitest";
import { admit, chooseTenant, requireScope, tenantDenied } from "../../src/auth/admission.ts";
import { METHOD_SCOPES, methodAccess } from "../../src/auth/scope.ts";
import { RelataError } from "../../src/errors.ts";
import { accessOf } from "../../src/model/access.ts";
import type { Principal, TenantGrant } from "../../src/model/principal.ts";
import { SCOPES, type Scope } from "../../src/model/scope.ts";
import { API_PROCEDURES } from "../../src/rpc/routes.ts";

const CHECK = "relata.v1.AuthorizationService/Check";

function principal(grant: TenantGrant, scopes: Iterable<Scope> = SCOPES): Principal {
  const who = { issuer: "https://issuer.example", subject: "service", actor: "https://issuer.example|service" };
  return { ...who, credential: "jwt", access: accessOf(scopes), grant, issuedAtMs: 0, expiresAtMs: 0 };
}
const inTenants = (...slugs: readonly string[]): Principal => principal({ kind: "tenants", slugs });
const platform = principal({ kind: "platform" });

/** A principal of a tenant in its tenant, a platform principal in none; one that names a tenant is not in it. */
function eitherMayCall(method: string, scope: Scope): void {
  const others = SCOPES.filter((other) => other !== scope);
  const grants = [{ kind: "platform" }, { kind: "tenants", slugs: ["acme"] }] as const;
  for (const grant of grants) {
    const tenant = grant.kind === "platform" ? undefined : "acme";
    expect(admit(principal(grant, [scope]), method, undefined)).toBe(tenant);
    expect(denied(() => admit(principal(grant, others), method, undefined)).detail).toMatch(/^scope_missing/);
    const elsewhere = denied(() => admit(principal(grant, [scope]), method, "globex"));
    expect(elsewhere.detail).toMatch(/^(tenant_only|tenant_not_granted)/);
  }
}

function denied(act: () => unknown): RelataError {
  try {
    act();
  } catch (error) {
    if (error instanceof RelataError) return error;
    throw error;
  }
  throw new Error("was not denied");
}

describe("the table of methods", () => {
  const described = API_PROCEDURES;

  test("holds every method of proto/relata/v1, none of them public, and no other of relata", () => {
    expect(described.length).toBeGreaterThanOrEqual(12);
    for (const method of described) expect(methodAccess(method)?.kind, method).toMatch(/^(tenant|platform|either)$/);
    const own = Object.keys(METHOD_SCOPES).filter((method) => method.startsWith("relata."));
    expect(own.sort()).toEqual([...described].sort());
  });

  test.each(described)("%s is refused to whom lacks its scope, and to the other kind of principal", (method) => {
    const access = methodAccess(method);
    if (access === undefined || access.kind === "public") throw new Error("not in the table");
    if (access.kind === "either") return eitherMayCall(method, access.scope);
    const others = SCOPES.filter((scope) => scope !== access.scope);
    const right: TenantGrant = access.kind === "platform" ? { kind: "platform" } : { kind: "tenants", slugs: ["acme"] };
    const wrong: TenantGrant = access.kind === "platform" ? { kind: "tenants", slugs: ["acme"] } : { kind: "platform" };
    expect(admit(principal(right, [access.scope]), `/${method}`, undefined)).toBe(
      access.kind === "platform" ? undefined : "acme",
    );
    const lacking = denied(() => admit(principal(right, others), method, undefined));
    expect(lacking).toMatchObject({ reason: "PERMISSION_DENIED", metadata: { scope: access.scope } });
    expect(lacking.detail).toMatch(/^scope_missing/);
    const misplaced = denied(() => admit(principal(wrong), method, undefined));
    expect(misplaced.detail).toMatch(/^(platform_only|tenant_only)/);
  });

  test.each([
    "relata.v1.AuthorizationService/Nope",
    "",
    "/",
    "//relata.v1.AuthorizationService/Check",
    "constructor",
    "check",
  ])("%j has no scope, so nobody may call it", (method) => {
    for (const caller of [inTenants("acme"), platform]) {
      expect(denied(() => admit(caller, method, undefined)).detail).toMatch(/^method_unknown/);
    }
  });
});

describe("the tenant of a request", () => {
  test("is the only one granted, or the one named among those granted", () => {
    expect(chooseTenant(inTenants("acme"), undefined)).toBe("acme");
    expect(chooseTenant(inTenants("acme"), "acme")).toBe("acme");
    expect(chooseTenant(inTenants("acme", "globex"), "globex")).toBe("globex");
  });

  test("is refused with one and the same answer, whatever the header names", () => {
    const errors = [
      denied(() => chooseTenant(inTenants("acme"), "globex")),
      denied(() => chooseTenant(inTenants("acme"), "no-such-tenant")),
      denied(() => chooseTenant(inTenants("acme"), "")),
      denied(() => chooseTenant(inTenants("acme"), "ACME")),
      denied(() => chooseTenant(inTenants("acme"), "acme, globex")),
      denied(() => chooseTenant(inTenants("acme"), "acme\u0000")),
      denied(() => chooseTenant(inTenants("acme", "globex"), "initech")),
      denied(() => chooseTenant(inTenants("acme", "globex"), undefined)),
      denied(() => chooseTenant(inTenants(), undefined)),
      denied(() => chooseTenant(platform, "acme")),
      denied(() => chooseTenant(platform, undefined)),
      tenantDenied("tenant_unknown", "acme", inTenants("acme")),
      tenantDenied("tenant_suspended", "acme", inTenants("acme")),
    ];
    expect(
      new Set(errors.map(({ message, reason, metadata }) => JSON.stringify([message, reason, metadata]))).size,
    ).toBe(1);
    expect(errors[0]).toMatchObject({ reason: "PERMISSION_DENIED", metadata: {} });
    expect(errors[0]?.message).not.toMatch(/acme|globex/);
    expect(errors[0]?.detail).toBe('tenant_not_granted: "globex" by "https://issuer.example|service"');
  });
});

test("a scope held in one tenant is not held in another, nor when no tenant is named", () => {
  const caller: Principal = {
    ...principal({ kind: "tenants", slugs: ["prod", "test"] }, ["check"]),
    accessByTenant: new Map([
      ["prod", accessOf(["check"])],
      ["test", accessOf(["check", "tuples:write"])],
    ]),
  };
  const write = "relata.v1.TupleService/Write";
  expect(admit(caller, write, "test")).toBe("test");
  expect(denied(() => admit(caller, write, "prod")).detail).toMatch(/^scope_missing/);
  expect(denied(() => requireScope(caller, write)).detail).toMatch(/^scope_missing/);
  expect(denied(() => requireScope(caller, CHECK, "elsewhere")).detail).toMatch(/^scope_missing/);
  requireScope(caller, CHECK);
  expect(denied(() => requireScope(platform, CHECK)).detail).toMatch(/^tenant_only/);
});
