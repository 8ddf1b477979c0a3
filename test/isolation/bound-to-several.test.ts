import { afterAll, beforeAll, expect, test } from "vitest";
import { SCOPES } from "../../src/model/scope.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { postJson } from "../support/server-raw.ts";
import { DOCUMENTS_SCHEMA } from "../support/server-seed.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    trust: { tenant: { kind: "bindings" } },
    bindings: [{ subject: "both", tenants: ["north", "south"], platform: false, scopes: SCOPES.slice(0, 5) }],
  });
  for (const slug of ["north", "south", "west"]) await server.createTenant(slug);
  const both = { sub: "both", tenant: undefined };
  await server.client("", both, { tenant: "north" }).schemas.write({ text: DOCUMENTS_SCHEMA });
  await server.client("", both, { tenant: "south" }).schemas.write({ text: `definition user {}\n` });
});
afterAll(() => server.close());

function readSchema(tenant: string | undefined, claims: Readonly<Record<string, unknown>> = {}) {
  const authorization = server.issuer.bearer({ sub: "both", tenant: undefined, ...claims });
  const headers = { authorization, ...(tenant === undefined ? {} : { "relata-tenant": tenant }) };
  return postJson(server.httpUrl, "relata.v1.SchemaService/Read", {}, headers);
}

test("the header chooses among the granted tenants", async () => {
  expect((await readSchema("north")).body).toMatchObject({ name: "north", text: DOCUMENTS_SCHEMA });
  expect((await readSchema("south")).body).toMatchObject({ name: "south", text: "definition user {}\n" });
});

test("it cannot name another, nor can a claim", async () => {
  for (const [tenant, claims] of [
    ["west", {}],
    ["west", { tenant: "west" }],
    ["atlantis", {}],
    ["north,west", {}],
  ] as const)
    expect((await readSchema(tenant, claims)).error).toMatchObject({
      code: "permission_denied",
      reason: "PERMISSION_DENIED",
    });
});

test("without the header the caller is told to name one, and none of the names", async () => {
  const { error } = await readSchema(undefined);
  expect(error).toMatchObject({ reason: "PERMISSION_DENIED", message: expect.stringContaining("relata-tenant") });
  expect(error?.message).not.toMatch(/north|south/);
});
