import { afterAll, beforeAll, expect, test } from "vitest";
import type { RelataClient } from "../../src/client/relata-client.ts";
import type { AuditEvent } from "../../src/gen/relata/v1/audit_service_pb.ts";
import { AUDIT_EVENTS } from "../../src/model/audit.ts";
import type { ChangeOrigin } from "../../src/model/store.ts";
import { serviceOrigin } from "../../src/model/token-service.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { writeTuples } from "../support/server-seed.ts";
import { makeClient, startTokenWorld, type TokenWorld, tokenService } from "../token-service/world.ts";

/*
 * Of every change it is on record who made it, by which credential, from where and in which request: all kinds of events that
 * callers cause by changing something are caused here, and a new kind fails until it is.
 */

/** Callers that were turned away, what the maintenance role does, and a theft that takes a family of tokens to show. */
const NO_CHANGE_OF_A_CALLER: ReadonlySet<string> = new Set([
  ...["authentication.refused", "tenant.refused", "scope.refused", "token.refused"],
  ...["personal.erased", "audit.pruned", "refresh_token.reused"],
]);

let world: TokenWorld;
beforeAll(async () => {
  world = await startTokenWorld(tokenService());
});
afterAll(() => world.close());

async function changeEverything({ admin, server, post }: TokenWorld): Promise<void> {
  const { operator } = server;
  await writeTuples(admin, "+document:d#viewer@user:u");
  await admin.tuples.delete({ filter: { objectType: "document" } });
  for await (const _ of admin.tuples.export({})) break;
  const { token } = await admin.credentials.createApiToken({ name: "ci", scopes: ["check"] });
  const made = await admin.credentials.rotateApiToken({ keyId: token?.keyId ?? "" });
  await admin.credentials.revokeApiToken({ keyId: made.token?.keyId ?? "" });
  await admin.credentials.setApiTokenPolicy({
    policy: (await admin.credentials.getApiTokenPolicy({})).policy,
  });
  const binding = { issuer: server.issuer.issuer, subject: "job", platform: true, scopes: ["tenants:read"] };
  await operator.credentials.putBinding({ binding });
  await operator.credentials.deleteBinding({ issuer: binding.issuer, subject: "job" });
  await operator.credentials.revokeJwt({ issuer: binding.issuer, what: { case: "tokenId", value: "1" } });
  const client = await makeClient(world, { scopes: ["check"] });
  const { body } = await post("/oauth2/token", { grant_type: "client_credentials" }, { client });
  await post("/oauth2/revoke", { token: String(body["access_token"]) }, { client });
  await admin.clients.rotateClientSecret({ clientId: client.id });
  await admin.clients.deleteClient({ clientId: client.id });
  await operator.clients.rotateSigningKey({});
  await operator.tenants.suspend({ slug: world.slug });
  await operator.tenants.resume({ slug: world.slug });
}

async function eventsOf(client: RelataClient): Promise<readonly AuditEvent[]> {
  return (await client.audit.query({ pageSize: 1000 })).events;
}

function named({ event, actor, credential, address, requestId }: AuditEvent) {
  return { event, actor: actor !== "", credential, address, requestId: requestId !== "" };
}

test("every event of a change names caller, credential, address and request", async () => {
  await changeEverything(world);
  const moved = await moveAndRemove(world);
  await world.server.trust.poll();
  const events = [...moved, ...(await eventsOf(world.admin)), ...(await eventsOf(world.server.operator))];
  // The service itself makes its first key, and no caller.
  const own = serviceOrigin("").actor;
  const changes = events.filter(({ event, actor }) => !NO_CHANGE_OF_A_CALLER.has(event) && actor !== own);
  const wanted = AUDIT_EVENTS.filter((name) => !NO_CHANGE_OF_A_CALLER.has(name));
  expect([...new Set(changes.map(({ event }) => event))].toSorted()).toEqual(wanted.toSorted());
  for (const event of changes)
    expect(named(event)).toEqual({
      event: event.event,
      actor: true,
      credential: expect.stringMatching(/^(jwt|jwt:\S+|client_secret:\S+)$/),
      address: expect.stringMatching(/^(127\.0\.0\.1|::1|192\.0\.2\.9)$/),
      requestId: true,
    });
});

/** By whoever takes the job up, in the name of who asked for it: by the store, which need not wait for callers to notice. */
async function moveAndRemove({ server }: TokenWorld): Promise<readonly AuditEvent[]> {
  const { database } = server;
  const store = await createPostgresStore({
    connection: { ...database.app },
    maintenance: { ...database.maintenance },
  });
  const by: ChangeOrigin = { actor: "a|b", requestId: "r", credential: "jwt:4711", address: "192.0.2.9" };
  try {
    const { id, slug } = await server.createTenant();
    await store.life.beginMove(id, "own", by);
    await store.life.run(id, { settleMs: 0 });
    const moved = await eventsOf(server.client(slug));
    await store.life.beginOffboard(id, by);
    await store.life.run(id, { settleMs: 0 });
    return moved;
  } finally {
    await store.close();
  }
}
