import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Need } from "../../../src/model/need.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import { MAINTENANCE_PLANS } from "../../../src/storage/postgres/maintenance.ts";
import { type Bound, registeredStatements } from "../../../src/storage/postgres/statement.ts";
import { withClient } from "../../support/postgres-template.ts";
import { ORIGIN } from "../drafts.ts";
import { openStore } from "./open.ts";
import { runEveryStatement } from "./workload.ts";
import { runRetention } from "./workload-retention.ts";

/** A node of EXPLAIN (FORMAT JSON). */
interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Actual Rows"?: number;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly "Subplans Removed"?: number;
  readonly Plans?: readonly PlanNode[];
}

const nodesOf = (node: PlanNode): readonly PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** Of the maintenance role, over little: jobs that are not done, all bindings; and once in a tenant's life, all heads. */
const WALKED: ReadonlySet<string> = new Set(["life_unfinished_jobs", "life_bindings_to", "life_schema_sharers"]);

describe("query plans", () => {
  let sent: Bound[] = [];
  let opened: Awaited<ReturnType<typeof openStore>>;
  let tenant: Tenant;
  beforeAll(async () => {
    opened = await openStore({ observe: (flight) => sent.push(...flight) });
    tenant = await opened.store.tenants.create({ slug: "measured" }, ORIGIN);
    await withClient(opened.database.owner, (client) => fill(client, tenant));
  });
  afterAll(() => opened.close());

  /** The plan with the scope the store sends, in a transaction that is rolled back. */
  async function explain(client: pg.Client, bound: Bound, options = ""): Promise<PlanNode> {
    await client.query("BEGIN");
    try {
      const scope = sent.find(({ name }) => name === "enter_scope") as Bound;
      await client.query(scope.text, [tenant.id, tenant.slug, "open", "15000", "15000"]);
      const { rows } = await client.query(`EXPLAIN (FORMAT JSON, COSTS OFF ${options}) ${bound.text}`, [
        ...bound.values,
      ]);
      return rows[0]["QUERY PLAN"][0].Plan;
    } finally {
      await client.query("ROLLBACK");
    }
  }

  /** One partition of each table, by an index that serves the question. */
  function expectSound(nodes: readonly PlanNode[], what: string, buckets: readonly number[]): void {
    const scanned = nodes.filter((node) => node["Relation Name"] !== undefined && node["Node Type"] !== "ModifyTable");
    const walked = scanned.filter((node) => node["Node Type"] === "Seq Scan");
    expect(walked, what).toEqual([]);
    expect(
      nodes.filter((node) => (node["Subplans Removed"] ?? 0) > 0),
      what,
    ).toEqual([]);
    for (const node of nodes) {
      const index = node["Index Name"];
      if (index === undefined || WALKED.has(what.split(" ")[0] ?? "")) continue;
      // An index that is walked from end to end would be no better.
      const wanted = /_b\d+_/.test(index) ? "tenant_id = " : /\S/;
      expect(node["Index Cond"] ?? "", `${what}: ${index}`).toMatch(wanted);
      // What is visible is never looked for among all that a tenant ever changed; what changed, only there.
      const ofChanges = /_(?:created|deleted)_rev_idx$/.test(index);
      // Ends of rows are looked up in the copy by key.
      if (what.startsWith("life_copy_ends ") && index.endsWith("_pkey")) continue;
      expect(ofChanges, `${what}: ${index}`).toBe(
        /_since |_copy_(?:ends|beginnings) /.test(what) && /^tuple_b/.test(index),
      );
    }
    for (const table of ["tuple", "revision"]) {
      const partitions = new Set(
        scanned.flatMap((node) => node["Relation Name"] ?? []).filter((r) => r.startsWith(`${table}_b`)),
      );
      const own = new Set(buckets.map((bucket) => `${table}_b${bucket}`));
      expect([...partitions.difference(own)], what).toEqual([]);
    }
  }

  it("of every statement touch one partition of each table, by an index", async () => {
    sent = [];
    await runEveryStatement(opened.store, tenant);
    await runRetention(opened.database, tenant, (flight) => sent.push(...flight));
    const statements = new Map(sent.filter(({ name }) => name !== "").map((bound) => [bound.name, bound]));
    // A statement nobody ran would go unmeasured: extend runEveryStatement.
    expect([...registeredStatements()].filter((name) => !statements.has(name))).toEqual([]);
    for (const state of ["without statistics, as after an import", "with statistics"]) {
      if (state === "with statistics") await withClient(opened.database.owner, (client) => client.query("ANALYZE"));
      for (const role of ["app", "maintenance"] as const) {
        const own = [...statements].filter(([name]) => name.startsWith("life_") === (role === "maintenance"));
        expect(own.length).toBeGreaterThan(10);
        await withClient(opened.database[role], async (client) => {
          if (role === "maintenance") await client.query(MAINTENANCE_PLANS);
          for (const [name, bound] of own)
            expectSound(nodesOf(await explain(client, bound)), `${name} ${state}`, bucketsOf(bound));
        });
      }
    }
  });

  /** Its own one, or those that a move names. */
  function bucketsOf({ name, values }: Bound): readonly number[] {
    return /^(?:life|mirror)_/.test(name) ? values.filter((value) => typeof value === "number") : [tenant.bucket];
  }

  it("rest on keys that are compared bytewise: text of every index is COLLATE C", async () => {
    const { rows } = await withClient(opened.database.owner, (client) =>
      client.query(`SELECT DISTINCT c.relname, a.attname, l.collname FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'relata'::regnamespace
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int[])
        JOIN pg_collation l ON l.oid = a.attcollation`),
    );
    expect(rows.length).toBeGreaterThan(64 * 6);
    expect(rows.filter(({ collname }) => collname !== "C")).toEqual([]);
  });

  it("lock a handful of relations, not every partition", async () => {
    const [page] = sent.filter(({ name }) => name === "tuple_page_110000");
    await withClient(opened.database.app, async (client) => {
      await client.query("BEGIN");
      await client.query("SELECT set_config('relata.tenant_id', $1, true)", [tenant.id]);
      // Under its name and often: a generic plan would show from the sixth time on.
      for (let i = 0; i < 8; i += 1)
        await client.query({ name: "p", text: page?.text ?? "", values: [...(page?.values ?? [])] });
      const { rows } = await client.query(
        "SELECT count(*)::int AS locks FROM pg_locks WHERE pid = pg_backend_pid() AND relation::regclass::text LIKE 'relata.%'",
      );
      await client.query("COMMIT");
      // The table, its partition, and their five indexes each (before PostgreSQL 16 the partition's only).
      expect(rows[0].locks).toBeLessThanOrEqual(12);
    });
  });

  it.each<{ what: string; need: Need; rows: number }>([
    {
      what: "one member of a group of 100,000",
      need: {
        kind: "exact",
        objectType: "group",
        objectId: "everyone",
        relation: "member",
        subjectType: "user",
        subjectId: "m77777",
        subjectRelation: "",
      },
      rows: 1,
    },
    {
      what: "that somebody is no member of it",
      need: {
        kind: "exact",
        objectType: "group",
        objectId: "everyone",
        relation: "member",
        subjectType: "user",
        subjectId: "stranger",
        subjectRelation: "",
      },
      rows: 0,
    },
    {
      what: "the three groups in it",
      need: { kind: "usersets", objectType: "group", objectId: "everyone", relation: "member" },
      rows: 3,
    },
  ])("find $what by reading as many rows as they find", async ({ need, rows }) => {
    sent = [];
    const answers = await opened.store.tuples.source(tenant, 1).read([need], 100);
    expect(answers[0]?.length).toBe(rows);
    const bound = sent.find(({ name }) => name.startsWith("read_needs")) as Bound;
    const scope = sent.find(({ name }) => name === "enter_scope") as Bound;
    expect(scope.values[0]).toBe(tenant.id);
    await withClient(opened.database.app, async (client) => {
      const nodes = nodesOf(await explain(client, bound, ", ANALYZE, BUFFERS OFF, TIMING OFF"));
      const touched = nodes
        .filter((node) => node["Relation Name"] !== undefined)
        .map(
          (node) =>
            (node["Actual Loops"] ?? 1) *
            ((node["Actual Rows"] ?? 0) +
              (node["Rows Removed by Filter"] ?? 0) +
              (node["Rows Removed by Index Recheck"] ?? 0)),
        );
      expect(touched.length).toBe(1);
      expect(touched[0]).toBe(rows);
    });
  });
});

/** 120,000 tuples of the tenant, 40,000 of a neighbour in the same partition, history, and a full registry. */
async function fill(client: pg.Client, tenant: Tenant): Promise<void> {
  const neighbour = "11111111-2222-4333-8444-555555555555";
  const insert = (select: string) =>
    client.query(
      `INSERT INTO relata.tuple (bucket, tenant_id, object_type, object_id, relation, subject_type, subject_id, subject_relation, created_rev) ${select}`,
    );
  await client.query("BEGIN");
  await client.query("SELECT set_config('relata.registry', 'open', true)");
  await client.query(`INSERT INTO relata.tenant (id, slug, bucket, schema_name)
    SELECT gen_random_uuid(), 'other-' || i, i % 64, 'other-' || i FROM generate_series(1, 3000) i`);
  await client.query(`INSERT INTO relata.tenant_usage (tenant_id, day, family, calls, last_call_at)
    SELECT gen_random_uuid(), current_date - i % 30, 'check', 1, now() FROM generate_series(1, 3000) i`);
  for (const id of [tenant.id, neighbour]) {
    await client.query("SELECT set_config('relata.tenant_id', $1, true)", [id]);
    const place = `${tenant.bucket}, '${id}'::uuid`;
    await insert(
      `SELECT ${place}, 'group', 'everyone', 'member', 'user', 'm' || i, '', 0 FROM generate_series(1, ${id === tenant.id ? 100_000 : 20_000}) i`,
    );
    await insert(
      `SELECT ${place}, 'group', 'everyone', 'member', 'group', 'g' || i, 'member', 0 FROM generate_series(1, 3) i`,
    );
    await insert(
      `SELECT ${place}, 'document', 'd' || i, 'viewer', 'user', 'u' || i % 500, '', 0 FROM generate_series(1, 10000) i`,
    );
    await insert(
      `SELECT ${place}, 'document', 'd' || i, 'parent', 'folder', 'f' || i % 100, '', 0 FROM generate_series(1, 10000) i`,
    );
    await client.query(`INSERT INTO relata.revision (bucket, tenant_id, revision, schema_name, schema_version, committed_at, actor, request_id)
      SELECT ${place}, i, 's', 0, now(), 'a', 'r' FROM generate_series(${id === tenant.id ? 100 : 0}, 3000) i`);
    await client.query(`INSERT INTO relata.idempotency (tenant_id, key, method, request_hash, answer, created_at)
      SELECT '${id}', 'key' || i, 'write', 'h', '{}', now() FROM generate_series(1, 3000) i`);
  }
  await client.query("COMMIT");
  await fillHeadsAndSchemas(client);
}

/** One transaction per tenant would be slow: row security is off for this fixture alone, and on again at once. */
async function fillHeadsAndSchemas(client: pg.Client): Promise<void> {
  const tables = ["tenant_head", "schema", "schema_version"].map((table) => `relata.${table}`);
  await client.query("BEGIN");
  for (const table of tables) await client.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`);
  await client.query(
    `INSERT INTO relata.tenant_head SELECT gen_random_uuid(), i % 64, 0, 'other-' || i, 0, now() FROM generate_series(1, 3000) i`,
  );
  await client.query(`INSERT INTO relata.schema SELECT 'other-' || i, 1 FROM generate_series(1, 3000) i`);
  await client.query(
    `INSERT INTO relata.schema_version SELECT 'other-' || i, 1, 'definition user {}', now() FROM generate_series(1, 3000) i`,
  );
  for (const table of tables) await client.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
  await client.query("COMMIT");
}
