import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenant } from "../../../src/model/tenant.ts";
import type { Bound } from "../../../src/storage/postgres/statement.ts";
import { withClient } from "../../support/postgres-template.ts";
import { draft, NOW_MS, ORIGIN } from "../drafts.ts";
import { openStore } from "./open.ts";
import { runEveryStatement } from "./workload.ts";

describe("tenants with the same ids", () => {
  const sent: Bound[] = [];
  let opened: Awaited<ReturnType<typeof openStore>>;
  let mine: Tenant;
  let theirs: Tenant;
  beforeAll(async () => {
    opened = await openStore({ observe: (flight) => sent.push(...flight) });
    const { store } = opened;
    // In one bucket: the partition does not help, the policies have to.
    const tenants: Tenant[] = [];
    do {
      const tenant = await store.tenants.create({ slug: `t${tenants.length}` }, ORIGIN);
      tenants.push(tenant);
      mine = tenants.find((other) => other !== tenant && other.bucket === tenant.bucket) ?? tenant;
      theirs = tenant;
    } while (mine === theirs);
    for (const tenant of [mine, theirs]) {
      const own = tenant === mine ? "mine" : "theirs";
      await store.tuples.write(
        tenant,
        draft([`create document:same#viewer@user:${own}`], { idempotency: { key: "same", requestHash: own } }),
      );
      await store.schemas.write(tenant, {
        text: `definition ${own} {}`,
        expectedVersion: 0,
        strands: [],
        origin: ORIGIN,
      });
    }
  });
  afterAll(() => opened.close());

  /** Runs SQL as the app, in a transaction with the given settings only. */
  const asApp = (settings: Record<string, string>, sql: string, values: unknown[] = []) =>
    asRole("app", settings, sql, values);
  const asRole = (role: "app" | "maintenance", settings: Record<string, string>, sql: string, values: unknown[]) =>
    withClient(opened.database[role], async (client) => {
      await client.query("BEGIN");
      for (const [name, value] of Object.entries(settings)) {
        await client.query("SELECT set_config($1, $2, true)", [name, value]);
      }
      const result = await client.query(sql, values);
      await client.query("COMMIT");
      return result;
    });
  const TENANT_TABLES = ["tenant_head", "tuple", "revision", "schema", "schema_version", "idempotency"];

  it("are each answered with their own, by every method", async () => {
    const { store } = opened;
    const page = await store.tuples.page(mine, { revision: 2, nowMs: NOW_MS, filter: { objectId: "same" }, limit: 10 });
    expect(page.map(({ subjectId }) => subjectId)).toEqual(["mine"]);
    expect((await store.schemas.read(mine, 1))?.text).toBe("definition mine {}");
    const retry = draft([], { idempotency: { key: "same", requestHash: "mine" } });
    expect(await store.tuples.write(mine, retry)).toMatchObject({ replayed: true });
  });

  it.each([...TENANT_TABLES, "tenant"])("without a tenant, nothing of %s is seen", async (table) => {
    expect((await asApp({}, `SELECT * FROM relata.${table}`)).rows).toEqual([]);
    // What a SET LOCAL leaves behind when it ends: the empty string, not NULL.
    const blank = { "relata.tenant_id": "", "relata.tenant_slug": "", "relata.registry": "" };
    expect((await asApp(blank, `SELECT * FROM relata.${table}`)).rows).toEqual([]);
  });

  it.each(TENANT_TABLES)("without any filter, only one's own of %s is seen", async (table) => {
    const { rows } = await asApp({ "relata.tenant_id": mine.id }, `SELECT * FROM relata.${table}`);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      if ("tenant_id" in row) expect(row.tenant_id).toBe(mine.id);
      else expect(row.name).toBe(mine.slug);
    }
  });

  it("of the registry, what was announced and no more", async () => {
    const slugs = async (settings: Record<string, string>) =>
      (await asApp(settings, "SELECT slug FROM relata.tenant")).rows.map(({ slug }) => slug);
    expect(await slugs({ "relata.tenant_id": mine.id })).toEqual([mine.slug]);
    expect(await slugs({ "relata.tenant_slug": theirs.slug })).toEqual([theirs.slug]);
    expect((await slugs({ "relata.registry": "open" })).length).toBeGreaterThan(1);
    expect(await slugs({ "relata.registry": "on" })).toEqual([]);
  });

  const newestChange = async () =>
    (
      await asApp(
        { "relata.registry": "trust" },
        "SELECT tenant_id FROM relata.trust_change ORDER BY version DESC LIMIT 1",
      )
    ).rows;

  it("every statement of the store, asked about another tenant with row security alone in the way, gives and changes nothing", async () => {
    sent.length = 0;
    await runEveryStatement(opened.store, mine);
    const before = await asApp({ "relata.tenant_id": mine.id }, "SELECT count(*), max(created_rev) FROM relata.tuple");
    const tried = new Set<string>();
    for (const { name, text, values } of sent) {
      if (name === "enter_scope" || tried.has(name) || !values.flat().includes(mine.id)) continue;
      tried.add(name);
      // Takes a lock and looks at nothing.
      if (name === "life_take_job") continue;
      // The statement keeps asking for `mine`; the transaction belongs to `theirs`.
      const role = name.startsWith("life_") ? "maintenance" : "app";
      const inTheirs = asRole(role, { "relata.tenant_id": theirs.id }, text, [...values]);
      const result = await inTheirs.catch((error: unknown) => error);
      if (result instanceof pg.DatabaseError)
        expect(result.message, name).toMatch(/row-level security|audit chain \S+ is not announced/);
      // Moves the counter that everybody shares, which says nothing of anybody; what it adds to the log is its own tenant's.
      else if (name === "bump_trust") expect(await newestChange()).toMatchObject([{ tenant_id: theirs.id }]);
      else expect(result, name).toMatchObject({ rows: [], rowCount: 0 });
    }
    expect(tried.size).toBeGreaterThan(200);
    const after = await asApp({ "relata.tenant_id": mine.id }, "SELECT count(*), max(created_rev) FROM relata.tuple");
    expect(after.rows).toEqual(before.rows);
  });

  it("cannot write rows for one another", async () => {
    const insert = `INSERT INTO relata.tuple (bucket, tenant_id, object_type, object_id, relation, subject_type, subject_id, subject_relation, created_rev)
      VALUES ($1, $2, 'document', 'planted', 'viewer', 'user', 'eve', '', 1)`;
    await expect(asApp({ "relata.tenant_id": mine.id }, insert, [theirs.bucket, theirs.id])).rejects.toThrow(
      "row-level security",
    );
    const close = await asApp(
      { "relata.tenant_id": mine.id },
      "UPDATE relata.tuple SET deleted_rev = 2 WHERE tenant_id <> $1",
      [mine.id],
    );
    expect(close.rowCount).toBe(0);
  });

  it.each([
    ["DELETE FROM relata.tuple", "permission denied"],
    ["DELETE FROM relata.revision", "permission denied"],
    ["UPDATE relata.tuple SET subject_id = 'eve'", "permission denied"],
    ["UPDATE relata.revision SET actor = 'nobody'", "permission denied"],
    ["UPDATE relata.tenant SET slug = 'x'", "permission denied"],
    ["TRUNCATE relata.tuple", "permission denied"],
    ["SELECT * FROM relata.tuple_b0", "permission denied"],
    ["ALTER TABLE relata.tuple DISABLE ROW LEVEL SECURITY", "must be owner"],
    ["SET ROLE relata_owner", "permission denied"],
    ["SELECT relata.create_bucket(99)", "permission denied"],
    ["CREATE TABLE relata.mine (id int)", "permission denied"],
  ])("the app may not: %s", async (sql, message) => {
    await expect(asApp({ "relata.tenant_id": mine.id }, sql)).rejects.toThrow(message);
  });

  it("refuses a row for a bucket that has no partition", async () => {
    const insert = `INSERT INTO relata.revision (bucket, tenant_id, revision, schema_name, schema_version, committed_at, actor, request_id)
      VALUES (64, $1, 9, 's', 0, now(), 'a', 'r')`;
    await expect(asApp({ "relata.tenant_id": mine.id }, insert, [mine.id])).rejects.toThrow("no partition of relation");
  });
});
