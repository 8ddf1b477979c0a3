import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { METHOD_SCOPES } from "../../src/auth/scope.ts";
import { API_SERVICES } from "../../src/rpc/routes.ts";
import { withClient } from "../support/postgres-template.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { callRaw, postJson } from "../support/server-raw.ts";
import type { Claims } from "../support/tokens-raw.ts";

const METHODS = API_SERVICES.flatMap((service) =>
  service.methods.map((method) => ({
    procedure: `${service.typeName}/${method.name}` as keyof typeof METHOD_SCOPES,
    unary: method.methodKind === "unary",
  })),
);
const TENANT_METHODS = METHODS.filter(({ procedure }) => METHOD_SCOPES[procedure].kind === "tenant");
const PLATFORM_METHODS = METHODS.filter(({ procedure }) => METHOD_SCOPES[procedure].kind === "platform");

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const slug of ["north", "south", "asleep"]) await server.createTenant(slug);
  await withClient(server.database.owner, async (client) => {
    await client.query("begin");
    await client.query("select set_config('relata.registry', 'open', true)");
    const { rowCount } = await client.query("update relata.tenant set state = 'suspended' where slug = 'asleep'");
    expect(rowCount).toBe(1);
    await client.query("commit");
  });
});
afterAll(() => server.close());

interface Caller {
  readonly claims: Claims;
  readonly tenant?: string;
}

/** Ways to reach for a tenant that is not the caller's. What they get must not tell them apart. */
const REACHES: Readonly<Record<string, Caller>> = {
  "a foreign tenant in the header": { claims: { tenant: "north" }, tenant: "south" },
  "an unknown tenant in the header": { claims: { tenant: "north" }, tenant: "atlantis" },
  "a suspended tenant in the header": { claims: { tenant: "north" }, tenant: "asleep" },
  "no tenant at all in the header": { claims: { tenant: "north" }, tenant: "" },
  "nonsense in the header": { claims: { tenant: "north" }, tenant: "'; select * from tenant; --" },
  "a foreign tenant's id in the header": {
    claims: { tenant: "north" },
    tenant: "00000000-0000-4000-8000-000000000000",
  },
  "an unknown tenant in the token": { claims: { tenant: "atlantis" } },
  "a suspended tenant in the token": { claims: { tenant: "asleep" } },
};

/** Refused for what the caller is, which it may know: no tenant's existence shows. */
const NOT_ADMITTED: Readonly<Record<string, Caller>> = {
  "the platform, in no tenant": { claims: { sub: "operator", tenant: undefined } },
  "the platform, naming a tenant": { claims: { sub: "operator", tenant: undefined }, tenant: "south" },
  "the platform, naming an unknown tenant": { claims: { sub: "operator", tenant: undefined }, tenant: "atlantis" },
  "no scope": { claims: { tenant: "north", scope: "" } },
};

function headersOf({ claims, tenant }: Caller): Readonly<Record<string, string>> {
  const authorization = server.issuer.bearer(claims);
  return { authorization, "x-request-id": "same", ...(tenant === undefined ? {} : { "relata-tenant": tenant }) };
}

/** Everything that arrives, as bytes. */
async function overGrpc(procedure: string, caller: Caller): Promise<string> {
  const { error, answer, headers } = await callRaw(server.grpcAddress, procedure, new Uint8Array(), headersOf(caller));
  expect(answer).toBeUndefined();
  return JSON.stringify([error, [...Object.entries(headers.getMap())].filter(([name]) => name !== "date")]);
}

async function overHttp(procedure: string, caller: Caller): Promise<string> {
  const { status, body, headers } = await postJson(server.httpUrl, procedure, {}, headersOf(caller));
  return JSON.stringify([status, body, [...headers].filter(([name]) => name !== "date")]);
}

describe.each(TENANT_METHODS)("$procedure", ({ procedure, unary }) => {
  test("every reach into another tenant gets the same bytes", async () => {
    const seen = new Map<string, string[]>();
    for (const [reach, caller] of Object.entries(REACHES)) {
      const bytes = await overGrpc(procedure, caller);
      seen.set(bytes, [...(seen.get(bytes) ?? []), reach]);
    }
    expect([...seen.values()]).toEqual([Object.keys(REACHES)]);
    expect([...seen.keys()][0]).toContain("PERMISSION_DENIED");
  });

  test("whoever may not call it at all is refused, in a tenant or not", async () => {
    const seen = new Map<string, string>();
    for (const [who, caller] of Object.entries(NOT_ADMITTED)) seen.set(who, await overGrpc(procedure, caller));
    for (const bytes of seen.values()) expect(bytes).toContain("PERMISSION_DENIED");
    expect(seen.get("the platform, naming a tenant")).toBe(seen.get("the platform, in no tenant"));
    expect(seen.get("the platform, naming an unknown tenant")).toBe(seen.get("the platform, in no tenant"));
  });

  if (!unary) return;
  test("and over HTTP as well", async () => {
    const answers = new Set<string>();
    for (const caller of Object.values(REACHES)) answers.add(await overHttp(procedure, caller));
    expect(answers.size).toBe(1);
    expect([...answers][0]).toContain("PERMISSION_DENIED");
  });
});

describe.each(PLATFORM_METHODS)("$procedure", ({ procedure }) => {
  test("a tenant's caller is refused, whatever scopes its token claims", async () => {
    expect(await overGrpc(procedure, { claims: { tenant: "north" } })).toContain("PERMISSION_DENIED");
    expect(await overHttp(procedure, { claims: { tenant: "north" } })).toContain("PERMISSION_DENIED");
  });
});

test("each refused reach is in the log with its reason and its actor", async () => {
  await overGrpc("relata.v1.AuthorizationService/Check", REACHES["a foreign tenant in the header"] ?? { claims: {} });
  expect(server.logLines().at(-1)).toMatchObject({
    level: "warn",
    reason: "PERMISSION_DENIED",
    detail: expect.stringMatching(/^tenant_not_granted: "south" by /),
    actor: `${server.issuer.issuer}|service`,
  });
});
