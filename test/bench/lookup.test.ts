import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drain, leaveAfter } from "../../bench/lookup/ask.ts";
import { loadTuples } from "../../bench/lookup/load.ts";
import { type ObservedServer, startObservedServer } from "../../bench/lookup/observed-server.ts";
import { reachableDocuments } from "../../bench/workloads/reachable-documents.ts";
import { createRelataClient, type RelataClient } from "../../src/client/relata-client.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";

const WORK = reachableDocuments(50_000, 5_000);
const ORIGIN = { actor: "test", requestId: "test" };

/** The short form of `npm run bench -- lookup`: the whole server over a real database, with its statements counted. */
describe("a large LookupResources over gRPC", () => {
  let database: TestDatabase;
  let issuer: TestIssuer;
  let server: ObservedServer;
  let client: RelataClient;
  beforeAll(async () => {
    database = await createTestDatabase();
    issuer = await startTestIssuer();
    const store = await createPostgresStore({ connection: { ...database.app } });
    const tenant = await store.tenants.create({ slug: "acme" }, ORIGIN);
    await store.schemas.write(tenant, { text: WORK.schema, expectedVersion: 0, strands: [], origin: ORIGIN });
    await store.close();
    await loadTuples(database.owner, tenant, WORK.generate());
    server = await startObservedServer({ connection: { ...database.app }, issuer: issuer.trust() });
    client = createRelataClient({ address: server.address, token: () => issuer.mint({ tenant: "acme" }) });
  });
  afterAll(async () => {
    client.close();
    await server.close();
    await issuer.close();
    await database.drop();
  });

  it.each([WORK.plain, WORK.checked])(
    "brings every result of $permission in order, in few statements",
    async (asked) => {
      const before = server.statements().count;
      const { results } = await drain(client, WORK, asked.permission);
      expect(results).toBe(asked.results);
      // A statement for each 50 results would be one too many by far; today it is one for some 200.
      expect(server.statements().count - before).toBeLessThan(results / 50);
    },
  );

  it.each([WORK.plain, WORK.checked])("sends no statement once the client of $permission has left", async (asked) => {
    const silences: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const leftAtMs = await leaveAfter(10, client, WORK, asked.permission);
      await silence();
      silences.push(server.statements().lastAtMs - leftAtMs);
    }
    // The best of three: other tests run beside this one, and one process is both client and server here.
    expect(Math.min(...silences)).toBeLessThan(100);
  });

  /** Until nothing has been sent for 300 ms. */
  const silence = async () => {
    const silent = () => performance.timeOrigin + performance.now() - server.statements().lastAtMs > 300;
    while (!silent()) await setTimeout(10);
  };
});
