import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RelataClient } from "../../src/client/relata-client.ts";
import { AuthorizationService, Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../support/server-seed.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/server-transports.ts";
import { waitFor } from "../support/wait.ts";

/** What the server sends Postgres, but for what keeps memory and trust fresh. */
const sent: string[] = [];
const TAIL = /^(read_heads|revisions_since|created_since|deleted_since|announce_changes|trust_log_\w+)$/;
const QUESTION = wireQuestion("document:1#view@user:anne");

let server: TestServer;
let client: RelataClient;
beforeAll(async () => {
  server = await startTestServer({
    config: { tokenWaitMs: 10_000 },
    observe: (flight) => {
      const names = flight.map(({ name }) => name);
      if (!names.some((name) => TAIL.test(name))) sent.push(...names);
    },
  });
  const { id } = await server.createTenant("acme");
  client = server.client("acme");
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  await writeTuples(client, "+document:1#viewer@user:anne", "+document:2#viewer@group:eng#member");
  await client.authorization.check(QUESTION);
  await waitFor("the tenant in memory", () => {
    const held = server.residency.stats().tenants.find(({ tenantId }) => tenantId === id);
    return held?.state === "resident" && held.revision === 2;
  });
});
afterAll(() => server.close());

/** @returns the statements that were sent meanwhile */
async function statementsOf(act: () => Promise<unknown>): Promise<readonly string[]> {
  sent.length = 0;
  await act();
  return [...sent];
}

describe.each(TRANSPORT_NAMES)("%s", (name) => {
  test("a Check of a tenant in memory sends Postgres nothing", async () => {
    const { check } = createClient(
      AuthorizationService,
      TRANSPORTS[name](server, { authorization: server.issuer.bearer() }),
    );
    const statements = await statementsOf(async () => {
      expect((await check(QUESTION)).decision).toBe(Decision.ALLOWED);
      expect((await check(wireQuestion("document:2#view@user:anne"))).decision).toBe(Decision.DENIED);
    });
    expect(statements).toEqual([]);
  });
});

test("what a write's token says is seen, from memory", async () => {
  for (const [sign, decision] of [
    ["-", Decision.DENIED],
    ["+", Decision.ALLOWED],
  ] as const) {
    const value = await writeTuples(client, `${sign}document:1#viewer@user:anne`);
    const consistency = { requirement: { case: "atLeastAsFresh" as const, value } };
    const statements = await statementsOf(async () => {
      expect((await client.authorization.check({ ...QUESTION, consistency })).decision).toBe(decision);
    });
    expect(statements).toEqual([]);
  }
});

test("batches, lookups and expansions of what is small are answered from memory too", async () => {
  const { authorization } = client;
  const subject = { object: { type: "user", id: "anne" } };
  const object = { type: "document", id: "1" };
  const found: string[] = [];
  const statements = await statementsOf(async () => {
    await authorization.batchCheck({ items: [QUESTION, wireQuestion("document:2#view@user:ben")] });
    for await (const { objectId } of authorization.lookupResources({
      objectType: "document",
      permission: "view",
      subject,
    }))
      found.push(objectId);
    for await (const { subjectId } of authorization.lookupSubjects({ object, permission: "view", subjectType: "user" }))
      found.push(subjectId);
    await authorization.expand({ object, permission: "view" });
  });
  expect(found).toEqual(["1", "anne"]);
  expect(statements).toEqual([]);
});
