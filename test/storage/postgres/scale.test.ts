import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ObjectScan, SubjectScan } from "../../../src/model/need.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import type { TupleFilter, TupleKey } from "../../../src/model/tuple.ts";
import type { Bound } from "../../../src/storage/postgres/statement.ts";
import { withClient } from "../../support/postgres-template.ts";
import { NOW_MS, ORIGIN } from "../drafts.ts";
import { openStore } from "./open.ts";

const MEMBERS = { objectType: "group", objectId: "everyone", relation: "member" };
const VIEWED = { subjectType: "user", subjectId: "u0", objectType: "document", relation: "viewer" };
const LATE_MEMBER = { subjectType: "user", subjectId: "m99", subjectRelation: "" };
const LATE_DOCUMENT = { objectId: "d35", subjectRelation: "" };

/** Places far into 40,000 rows: a page or scan that walked there would touch some 700 blocks. */
const PAGES: readonly [filter: TupleFilter, after: TupleKey][] = [
  [{}, { ...MEMBERS, ...LATE_MEMBER }],
  [{ objectType: "group" }, { ...MEMBERS, ...LATE_MEMBER }],
  [
    { objectType: "group", objectId: "everyone" },
    { ...MEMBERS, ...LATE_MEMBER },
  ],
  [MEMBERS, { ...MEMBERS, ...LATE_MEMBER }],
  [
    { ...MEMBERS, subjectType: "user" },
    { ...MEMBERS, ...LATE_MEMBER },
  ],
  [
    { subjectType: "user", subjectId: "u0" },
    { ...VIEWED, ...LATE_DOCUMENT },
  ],
  [VIEWED, { ...VIEWED, ...LATE_DOCUMENT }],
];
const SUBJECT_SCANS: readonly SubjectScan[] = [
  MEMBERS,
  { ...MEMBERS, subjectType: "user" },
  { ...MEMBERS, subjectType: "user", subjectRelation: "" },
  // None of the 40,000 members has a relation: none is looked at.
  { ...MEMBERS, subjectType: "user", subjectRelation: "member" },
].flatMap((scan) => [scan, { ...scan, after: LATE_MEMBER }]);
const OBJECT_SCANS: readonly ObjectScan[] = [VIEWED, { ...VIEWED, subjectRelation: "" }].flatMap((scan) => [
  scan,
  { ...scan, after: LATE_DOCUMENT },
]);

describe.each(["without statistics, as after an import", "with statistics"])("among 120,000 tuples, %s,", (state) => {
  let sent: Bound[] = [];
  let opened: Awaited<ReturnType<typeof openStore>>;
  let tenant: Tenant;
  beforeAll(async () => {
    opened = await openStore({ observe: (flight) => sent.push(...flight) });
    tenant = await opened.store.tenants.create({ slug: "large" }, ORIGIN);
    await withClient(opened.database.owner, async (client) => {
      await client.query("BEGIN");
      await client.query("SELECT set_config('relata.tenant_id', $1, true)", [tenant.id]);
      const place = `${tenant.bucket}, '${tenant.id}'::uuid`;
      for (const select of [
        `'group', 'everyone', 'member', 'user', 'm' || i`,
        // What lies in the way of a scan that is served from the other side: other people's documents, members' folders.
        `'document', 'd' || i, 'viewer', 'user', 'u' || i % 400`,
        `'folder', 'f' || i, 'viewer', 'user', 'm' || 9900 + i % 100`,
      ]) {
        await client.query(
          `INSERT INTO relata.tuple (bucket, tenant_id, object_type, object_id, relation, subject_type, subject_id, subject_relation, created_rev)
            SELECT ${place}, ${select}, '', 0 FROM generate_series(1, 40000) i`,
        );
      }
      await client.query("COMMIT");
      if (state === "with statistics") await client.query("ANALYZE relata.tuple");
    });
  });
  afterAll(() => opened.close());

  /** Blocks that the statements of `work` touch, and the rows they give. */
  const touched = async (work: () => Promise<unknown>) => {
    sent = [];
    await work();
    const scope = sent.find(({ name }) => name === "enter_scope") as Bound;
    const statements = sent.filter(({ name }) => /^(tuple_page|scan)_/.test(name));
    expect(statements.length).toBe(1);
    return withClient(opened.database.app, async (client) => {
      await client.query("BEGIN");
      await client.query(scope.text, [...scope.values]);
      const [bound] = statements as [Bound];
      const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${bound.text}`, [...bound.values]);
      await client.query("ROLLBACK");
      const plan = rows[0]["QUERY PLAN"][0].Plan;
      return { blocks: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], rows: plan["Actual Rows"] };
    });
  };

  it("a page touches a few blocks, wherever it starts", async () => {
    for (const [filter, after] of PAGES) {
      const query = { revision: 1, nowMs: NOW_MS, filter, limit: 10, after };
      const { blocks, rows } = await touched(() => opened.store.tuples.page(tenant, query));
      expect(rows, JSON.stringify(filter)).toBeGreaterThan(0);
      expect(blocks, JSON.stringify(filter)).toBeLessThan(30);
    }
  });

  it("a scan touches a few blocks, wherever it starts", async () => {
    const source = opened.store.tuples.source(tenant, 1);
    for (const scan of SUBJECT_SCANS) {
      const { blocks, rows } = await touched(() => source.scanSubjects([scan], 10));
      expect(rows, JSON.stringify(scan)).toBe(scan.subjectRelation === "member" ? 0 : 10);
      expect(blocks, JSON.stringify(scan)).toBeLessThan(30);
    }
    for (const scan of OBJECT_SCANS) {
      const { blocks, rows } = await touched(() => source.scanObjects([scan], 10));
      expect(rows, JSON.stringify(scan)).toBe(10);
      expect(blocks, JSON.stringify(scan)).toBeLessThan(30);
    }
  });

  it("a thousand scans touch a few blocks each", async () => {
    const source = opened.store.tuples.source(tenant, 1);
    const scans = Array.from({ length: 1000 }, (_, i) => ({
      ...MEMBERS,
      subjectType: "user",
      after: { ...LATE_MEMBER, subjectId: `m${i * 30}` },
    }));
    const { blocks, rows } = await touched(() => source.scanSubjects(scans, 3));
    expect(rows).toBe(3000);
    expect(blocks).toBeLessThan(10_000);
  });
});
