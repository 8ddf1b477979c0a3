import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenant } from "../../../src/model/tenant.ts";
import { clientConfig } from "../../../src/storage/postgres/connection.ts";
import { fly } from "../../../src/storage/postgres/flight.ts";
import { BEGIN_READ, BEGIN_WRITE, COMMIT, enter } from "../../../src/storage/postgres/scope.ts";
import type { Bound } from "../../../src/storage/postgres/statement.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "../drafts.ts";
import { openStore } from "./open.ts";

const raw = (text: string): Bound => ({ name: "", text, values: [] });

describe("flights", () => {
  const flights: (readonly Bound[])[] = [];
  let opened: Awaited<ReturnType<typeof openStore>>;
  let tenant: Tenant;
  beforeAll(async () => {
    // Announcements of changes leave when they like.
    const isAsked = (flight: readonly Bound[]) => flight.every(({ name }) => name !== "announce_changes");
    opened = await openStore({ observe: (flight) => isAsked(flight) && flights.push(flight), readLanes: 1 });
    tenant = await createTenant(opened.store);
  });
  afterAll(() => opened.close());

  const counted = async (work: () => Promise<unknown>) => {
    flights.length = 0;
    await work().catch(() => {});
    return { roundTrips: flights.length, statements: flights.flat().length };
  };

  it("are as many for 1,000 updates and preconditions as for one: two", async () => {
    const lines = (n: number, verb: string) =>
      Array.from({ length: n }, (_, i) => `${verb} document:d${i}#viewer@user:anne`);
    const write = (n: number, verb: string) =>
      counted(() =>
        opened.store.tuples.write(
          tenant,
          draft(lines(n, verb), {
            preconditions: lines(n, verb).map((_, i) => ({
              expect: "must_not_match",
              filter: { objectType: "x", objectId: `${i}` },
            })),
            idempotency: { key: `${verb}${n}`, requestHash: "h" },
          }),
        ),
      );
    const expected = { roundTrips: 2, statements: 12 };
    expect(await write(1, "create")).toEqual(expected);
    expect(await write(1, "delete")).toEqual(expected);
    expect(await write(1000, "create")).toEqual(expected);
    expect(await write(1000, "delete")).toEqual(expected);
  });

  it("are one for every read, two for a new tenant, a schema, a deletion, a retry and a refusal", async () => {
    const { store } = opened;
    const trips = async (work: () => Promise<unknown>) => (await counted(work)).roundTrips;
    const remove = { filter: {}, preconditions: [], limit: 10, allowPartial: true, nowMs: NOW_MS, origin: ORIGIN };
    const { revision } = await store.revisions.head(tenant);
    expect(await trips(() => store.revisions.head(tenant))).toBe(1);
    expect(await trips(() => store.revisions.at(tenant, 0))).toBe(1);
    expect(await trips(() => store.tenants.bySlug(tenant.slug))).toBe(1);
    expect(await trips(() => store.tenants.list({ limit: 5 }))).toBe(1);
    expect(await trips(() => store.tenants.create({ slug: "two-flights" }, ORIGIN))).toBe(2);
    expect(await trips(() => store.tuples.page(tenant, { revision, nowMs: NOW_MS, filter: {}, limit: 5 }))).toBe(1);
    const needs = Array.from({ length: 500 }, (_, i) => ({
      kind: "usersets" as const,
      objectType: "document",
      objectId: `${i}`,
      relation: "viewer",
    }));
    expect(await trips(() => store.tuples.source(tenant, revision).read(needs, 10))).toBe(1);
    expect(await trips(() => store.tuples.source(tenant, revision).read([], 10))).toBe(0);
    expect(
      await trips(() => store.schemas.write(tenant, { text: "", expectedVersion: 0, strands: [], origin: ORIGIN })),
    ).toBe(2);
    expect(await trips(() => store.schemas.read(tenant, 1))).toBe(1);
    expect(await trips(() => store.tuples.deleteMatching(tenant, remove))).toBe(2);
    expect(
      await trips(() => store.tuples.write(tenant, draft([], { idempotency: { key: "create1", requestHash: "h" } }))),
    ).toBe(2);
    expect(await trips(() => store.tuples.write(tenant, draft([])))).toBe(2);
  });

  it("are two for the first long read of a request, one for those behind it", async () => {
    const { store } = opened;
    const members = Array.from({ length: 1100 }, (_, i) => `create group:all#member@group:g${i}#member`);
    const large = await createTenant(store);
    await store.tuples.write(large, draft(members));
    const place = { objectType: "group", objectId: "all", relation: "member" };
    const source = store.tuples.source(large, 1);
    const read = (from: typeof source, maxRows: number) => from.read([{ kind: "usersets", ...place }], maxRows);
    const rows = async (work: () => Promise<readonly (readonly unknown[])[]>) => (await work()).flat().length;
    const trips = async (work: () => Promise<unknown>) => (await counted(work)).roundTrips;
    expect(await trips(() => read(source, 5000))).toBe(2);
    expect(await trips(() => read(source, 5000))).toBe(1);
    expect(await trips(() => source.scanSubjects([place], 900))).toBe(1);
    expect(await trips(() => source.scanSubjects([place], 5000))).toBe(1);
    expect(await rows(() => read(source, 1100))).toBe(1100);
    expect(await rows(() => source.scanSubjects([place, place], 5000))).toBe(2200);
    // A limit that a lane can hold is decided there.
    const fresh = store.tuples.source(large, 1);
    expect(await trips(() => read(fresh, 1000))).toBe(1);
    await expect(read(fresh, 1000)).rejects.toMatchObject({
      reason: "BUDGET_EXHAUSTED",
      metadata: { maxRows: "1000" },
    });
    await expect(read(fresh, 1099)).rejects.toMatchObject({
      reason: "BUDGET_EXHAUSTED",
      metadata: { maxRows: "1099" },
    });
  });

  it("on one shared connection never mix up tenants, whatever fails beside them", async () => {
    const { store } = opened;
    const tenants = await Promise.all(Array.from({ length: 8 }, () => createTenant(store)));
    await Promise.all(
      tenants.map((each) => store.tuples.write(each, draft([`create document:same#viewer@user:${each.slug}`]))),
    );
    const reads = Array.from({ length: 2000 }, async (_, i) => {
      const each = tenants[i % 8] as Tenant;
      if (i % 5 === 0) {
        // An error of the server (a NUL cannot be text) between the others' transactions.
        await expect(store.tenants.bySlug("\0")).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
        return;
      }
      const exact = {
        kind: "exact",
        objectType: "document",
        objectId: "same",
        relation: "viewer",
        subjectType: "user",
        subjectRelation: "",
      } as const;
      const needs = tenants.map((other) => ({ ...exact, subjectId: other.slug }));
      const answers = await store.tuples.source(each, 1).read(needs, 100);
      expect(answers.map((answer) => answer.length)).toEqual(tenants.map((other) => (other === each ? 1 : 0)));
    });
    await Promise.all(reads);
  });

  describe("on a connection of their own", () => {
    let client: pg.Client;
    beforeAll(async () => {
      client = new pg.Client(
        clientConfig({ connection: { ...opened.database.app }, statementTimeoutMs: 5_000, connectTimeoutMs: 5_000 }),
      );
      client.on("error", () => {});
      await client.connect();
    });
    afterAll(() => client.end());
    const scope = () => enter({ kind: "tenant", tenantId: tenant.id }, 5_000);

    it("fail as a whole when only the scope fails: an empty answer would read as no", async () => {
      const read = raw("SELECT 1 FROM relata.tuple");
      await expect(fly(client, [BEGIN_READ, raw("SELECT 1/0"), read, COMMIT], undefined)).rejects.toMatchObject({
        outcome: "refused",
        cause: { message: "division by zero" },
      });
      await expect(
        fly(client, [raw("BEGIN NONSENSE"), scope(), read, raw("SELECT 1")], undefined),
      ).rejects.toMatchObject({
        cause: { message: expect.stringContaining("syntax error") },
      });
      expect(await fly(client, [BEGIN_READ, scope(), raw("SELECT 7 AS seven"), COMMIT], undefined)).toEqual([
        [],
        [expect.anything()],
        [{ seven: 7 }],
        [],
      ]);
    });

    it("do not take a COMMIT that rolled back for one that committed", async () => {
      const failing = raw("INSERT INTO relata.tuple (bucket) VALUES (1)");
      await expect(fly(client, [BEGIN_WRITE, scope(), failing, COMMIT], undefined)).rejects.toMatchObject({
        outcome: "refused",
      });
      await client.query("BEGIN");
      await client.query("SELECT 1/0").catch(() => {});
      await expect(fly(client, [COMMIT], undefined)).rejects.toMatchObject({
        outcome: "refused",
        cause: { message: "COMMIT was answered by ROLLBACK" },
      });
    });

    it("leave no tenant behind on the connection", async () => {
      await fly(client, [BEGIN_READ, scope(), COMMIT], undefined);
      const { rows } = await client.query(
        "SELECT current_setting('relata.tenant_id', true) AS tenant, (SELECT count(*)::int FROM relata.tenant_head) AS heads",
      );
      expect(rows).toEqual([{ tenant: "", heads: 0 }]);
    });
  });
});
