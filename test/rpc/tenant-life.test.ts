import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RelataClient } from "../../src/client/relata-client.ts";
import { createRelataClient } from "../../src/client/relata-client.ts";
import { Placement, TenantState } from "../../src/gen/relata/v1/tenant_service_pb.ts";
import type { TupleServiceExportResponse } from "../../src/gen/relata/v1/tuple_service_pb.ts";
import { collect } from "../support/collect.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, wireUpdate, writeTuples } from "../support/server-seed.ts";

/** Two nodes of one fleet. */
let servers: readonly [TestServer, TestServer];
beforeAll(async () => {
  const first = await startTestServer({
    config: { maxReadPage: 7 },
  });
  const { database, issuer, config } = first;
  servers = [
    first,
    await startTestServer({ database, issuer, config: { maxReadPage: 7, tokenKeys: config.tokenKeys } }),
  ];
});
afterAll(async () => {
  await servers?.[1].close();
  await servers?.[0].close();
});

interface Filled {
  readonly slug: string;
  /** On each node. */
  readonly clients: readonly [RelataClient, RelataClient];
}

async function filledTenant(tuples = 1, slug?: string): Promise<Filled> {
  const made = await servers[0].createTenant(slug);
  const clients = [servers[0].client(made.slug), servers[1].client(made.slug)] as const;
  await clients[0].schemas.write({ text: DOCUMENTS_SCHEMA });
  const updates = Array.from({ length: tuples }, (_, at) => wireUpdate(`+document:${at}#viewer@user:anne`));
  await clients[0].tuples.write({ updates });
  return { slug: made.slug, clients };
}

/** What every node has heard by then. */
const heard = () => Promise.all(servers.map(({ trust }) => trust.poll()));
const check = (client: RelataClient) => client.authorization.check(wireQuestion("document:0#view@user:anne"));
const DENIED = { codeName: "PERMISSION_DENIED" };

describe("a suspended tenant", () => {
  it("is refused on every node, by tokens of every kind, and nobody else is; and let in again", async () => {
    const [tenant, other] = [await filledTenant(), await filledTenant()];
    const { secret } = await tenant.clients[0].credentials.createApiToken({ name: "ci", scopes: ["check"] });
    const byToken = servers.map(({ grpcAddress }) => createRelataClient({ address: grpcAddress, token: secret }));
    const callers = [...tenant.clients, ...byToken];
    for (const caller of callers) await check(caller);
    const { tenant: suspended } = await servers[0].operator.tenants.suspend({ slug: tenant.slug });
    expect(suspended?.state).toBe(TenantState.SUSPENDED);
    await heard();
    const before = servers.map(({ logLines }) => logLines().length);
    for (const caller of callers) await expect(check(caller)).rejects.toMatchObject(DENIED);
    await expect(writeTuples(tenant.clients[1], "+document:9#viewer@user:anne")).rejects.toMatchObject(DENIED);
    for (const client of other.clients) await check(client);
    for (const [at, server] of servers.entries()) {
      const refusals = server
        .logLines()
        .slice(before[at])
        .filter(({ detail }) => String(detail).startsWith("tenant_suspended"));
      expect(refusals.length, `on node ${at}`).toBeGreaterThan(1);
    }
    const stranger = servers[1].client("nobody-has-this");
    const of = async (client: RelataClient) =>
      check(client).catch(({ code, message, reason }) => ({ code, message, reason }));
    expect(await of(tenant.clients[1])).toEqual(await of(stranger));
    await servers[1].operator.tenants.resume({ slug: tenant.slug });
    await heard();
    for (const caller of callers) await check(caller);
    for (const client of byToken) client.close();
  });
});

describe("Export", () => {
  const pages = async (client: RelataClient, request: Parameters<RelataClient["tuples"]["export"]>[0] = {}) =>
    collect(client.tuples.export(request));
  const ids = (of: readonly TupleServiceExportResponse[]) =>
    of.flatMap(({ tuples }) => tuples.map(({ object }) => Number(object?.id))).sort((a, b) => a - b);
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

  it("streams everything of one revision in pages, whatever is written meanwhile, and goes on from any of them", async () => {
    const { clients } = await filledTenant(30);
    const seen: TupleServiceExportResponse[] = [];
    for await (const page of clients[1].tuples.export({})) {
      seen.push(page);
      if (seen.length === 2)
        await writeTuples(clients[0], "-document:29#viewer@user:anne", "+document:100#viewer@user:anne");
    }
    expect(seen.length).toBeGreaterThan(3);
    expect(ids(seen)).toEqual(numbers(30));
    expect(
      new Set(seen.map(({ consistencyToken, schemaVersion }) => `${consistencyToken} ${schemaVersion}`)).size,
    ).toBe(1);
    // On the other node, where the first two pages left off.
    const rest = await pages(clients[0], { cursor: seen[1]?.cursor ?? "" });
    expect(ids([...seen.slice(0, 2), ...rest])).toEqual(numbers(30));
    expect(ids(await pages(clients[0]))).toEqual([...numbers(29), 100]);
  });

  it("brings what has expired, and a tenant without tuples is one empty page", async () => {
    const { slug } = await servers[0].createTenant();
    const client = servers[0].client(slug);
    await client.schemas.write({
      text: "use expiration\ndefinition user {}\ndefinition document { relation viewer: user with expiration }",
    });
    expect(await pages(client)).toMatchObject([{ tuples: [], schemaVersion: 1 }]);
    const update = wireUpdate("+document:1#viewer@user:anne");
    const expiresAt = timestampFromMs(Date.now() - 60_000);
    await client.tuples.write({ updates: [{ ...update, tuple: { ...update.tuple, expiresAt } as never }] });
    expect(await collect(client.tuples.read({ filter: { objectType: "document" } }))).toEqual([]);
    expect(ids(await pages(client))).toEqual([1]);
  });

  it("is for callers who may read everything, and cursors of other tenants and other verbs are refused", async () => {
    const [tenant, other] = [await filledTenant(20), await filledTenant(20)];
    const narrowed = await tenant.clients[0].credentials.createApiToken({
      name: "narrowed",
      scopes: ["tuples:read"],
      objects: [{ type: "document" }],
    });
    const client = createRelataClient({ address: servers[0].grpcAddress, token: narrowed.secret });
    expect(await collect(client.tuples.read({ filter: { objectType: "document" } }))).toHaveLength(20);
    await expect(pages(client)).rejects.toMatchObject(DENIED);
    client.close();
    const [page] = await pages(tenant.clients[0]);
    await expect(pages(other.clients[0], { cursor: page?.cursor ?? "" })).rejects.toMatchObject({
      reason: "INVALID_CURSOR",
    });
    const [read] = await collect(tenant.clients[0].tuples.read({ filter: {}, limit: 1 }));
    await expect(pages(tenant.clients[0], { cursor: read?.cursor ?? "" })).rejects.toMatchObject({
      reason: "INVALID_CURSOR",
    });
  });
});

describe("Usage", () => {
  it("tells tuples, bytes, versions, tokens and calls", async () => {
    const { slug, clients } = await filledTenant(12);
    await writeTuples(clients[0], "-document:3#viewer@user:anne");
    await clients[0].credentials.createApiToken({ name: "ci", scopes: ["check"] });
    const before = await servers[0].operator.tenants.usage({ slug });
    expect(before).toMatchObject({
      tuples: 11n,
      tuplesCounted: true,
      schemaVersions: 1,
      activeApiTokens: 1,
      storageMeasured: false,
      tenant: { slug, placement: Placement.SHARED },
    });
    expect(before.revisions).toBe(3n);
    expect(before.storageBytes).toBeGreaterThan(0n);
    expect(Math.abs(Number(before.lastWriteAt?.seconds ?? 0n) * 1000 - Date.now())).toBeLessThan(60_000);
    await expect(clients[0].tenants.usage({ slug })).rejects.toMatchObject(DENIED);
  });

  it("takes at most 400 days, and says so in days", async () => {
    const { slug } = await servers[0].createTenant();
    await expect(servers[0].operator.tenants.usage({ slug, days: 401 })).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      message: "days must be at most 400: calls of earlier days are forgotten",
      metadata: { field: "days" },
    });
  });

  it("adds up the calls of all nodes once they have written them down", async () => {
    const tenant = await servers[0].createTenant();
    const { database, issuer, config } = servers[0];
    const node = await startTestServer({ database, issuer, config: { tokenKeys: config.tokenKeys } });
    const client = node.client(tenant.slug);
    await client.schemas.write({ text: DOCUMENTS_SCHEMA });
    for (let calls = 0; calls < 3; calls += 1) await check(client);
    await check(servers[1].client("nobody-has-this")).catch(() => undefined);
    // What is left is written down at the end.
    await node.close();
    const { calls, lastCallAt } = await servers[0].operator.tenants.usage({ slug: tenant.slug, days: 2 });
    const day = new Date(Number(lastCallAt?.seconds ?? 0n) * 1000).toISOString().slice(0, 10);
    expect(calls.map(({ family, calls: number }) => [family, Number(number)])).toEqual([
      ["check", 3],
      ["schema", 1],
    ]);
    expect(calls.every((one) => one.day === day)).toBe(true);
  });
});
