import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { withClient } from "../support/postgres-template.ts";
import {
  ANNOUNCED,
  NOTHING,
  OWNERS,
  type Owner,
  PARTS,
  type Part,
  plantRows,
  type Reach,
  type RlsTable,
  tryVerbs,
  type Verb,
} from "./rls-world.ts";

interface Opened {
  readonly reads?: readonly Owner[];
  /** May be inserted, or be what an update leaves. */
  readonly writes?: readonly Owner[];
}
type Openings = Partial<Readonly<Record<Part, Opened>>>;

const ALL = { reads: OWNERS, writes: OWNERS } as const;
const PLATFORM = { reads: ["platform"], writes: ["platform"] } as const;
const OWN = { reads: ["north"], writes: ["north"] } as const;

/** The rule: a tenant's rows to whoever announces that tenant. A new table is held to it by itself. */
const RULE: Openings = { own: OWN };
const CREDENTIALS: Openings = { own: OWN, trust: { reads: OWNERS } };
const AUDIT: Openings = { own: OWN, open: PLATFORM };

/** What else is opened, and it has to be said here. */
const OPENED: Readonly<Record<string, Openings>> = {
  // The registry: read by id, by slug or whole; written in platform work alone. What credentials hold in has a slug and a state.
  tenant: {
    own: { reads: ["north"] },
    slug: { reads: ["north"] },
    open: ALL,
    trust: { reads: OWNERS },
  },
  // Which revision each tenant is at, and nothing else of anybody.
  tenant_head: { own: OWN, heads: { reads: OWNERS } },
  // Jobs and figures are about a tenant; the platform makes them.
  tenant_job: { own: { reads: ["north"] }, open: ALL },
  tenant_usage: { own: { reads: ["north"] }, open: ALL },
  // One number, moved on by whoever changes something.
  trust_head: { own: ALL, open: ALL, trust: { reads: OWNERS } },
  trust_change: { own: { writes: ["north"] }, open: { writes: OWNERS }, trust: { reads: OWNERS } },
  // Of the platform, and read by every process.
  workload_binding: { open: ALL, trust: { reads: OWNERS } },
  jwt_revocation: { open: ALL, trust: { reads: OWNERS } },
  signing_key: { open: ALL, trust: { reads: OWNERS } },
  // Looked up before it is known whose they are.
  api_token: CREDENTIALS,
  api_token_use: { own: OWN, trust: ALL },
  oauth_client: CREDENTIALS,
  oauth_client_secret: CREDENTIALS,
  audit_chain: AUDIT,
  audit_event: AUDIT,
  audit_checkpoint: AUDIT,
};

/** Where rows may be removed. Everywhere else not even the own tenant's. */
const DELETABLE: ReadonlySet<string> = new Set([
  "workload_binding",
  "oauth_client",
  "oauth_client_secret",
  "refresh_family",
  "refresh_token",
]);

let database: TestDatabase;
let tables: readonly RlsTable[];
beforeAll(async () => {
  database = await createTestDatabase();
  const admin = database.superuser;
  if (admin === undefined) throw new Error("only a superuser can plant rows of every tenant");
  tables = await withClient(admin, plantRows);
});
afterAll(() => database.drop());

test("every exception is about a table that there is", () => {
  const names = tables.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(15);
  expect([...Object.keys(OPENED), ...DELETABLE].filter((name) => !names.includes(name))).toEqual([]);
});

test.each(ANNOUNCED.map((parts) => [parts.join(" and ") || "nothing", parts] as const))(
  "with %s announced, plain SQL of the app reaches what it must and nothing else",
  async (_, parts) => {
    await compare(Object.assign({}, ...parts.map((part) => PARTS[part])), parts);
  },
);

test.each(Object.entries(NOTHING))("%s announces nothing", async (_, settings) => {
  await compare(settings, []);
});

async function compare(settings: Readonly<Record<string, string>>, parts: readonly Part[]): Promise<void> {
  const expected: Record<string, Readonly<Record<Verb, Reach>>> = {};
  const reached: typeof expected = {};
  await withClient(database.app, async (client) => {
    for (const table of tables) {
      const found = await tryVerbs(client, table, settings);
      reached[table.name] = found;
      expected[table.name] = expectedOf(table, parts, found);
    }
  });
  expect(reached).toEqual(expected);
}

/** What the app has no right to at all is less than any policy gives. */
function expectedOf({ name, columns }: RlsTable, parts: readonly Part[], found: Readonly<Record<Verb, Reach>>) {
  const openings = OPENED[name] ?? RULE;
  const there = new Set<Owner>(columns.some((column) => column.name === "chain") ? OWNERS : ["north", "south"]);
  const union = (of: keyof Opened) => {
    const owners = new Set(parts.flatMap((part) => openings[part]?.[of] ?? []));
    return [...owners].filter((owner) => there.has(owner)).toSorted();
  };
  const [reads, writes] = [union("reads"), union("writes")];
  const text = (owners: readonly Owner[]) => owners.join(" ") || "-";
  const ifGranted = (verb: Verb, reach: Reach) => (found[verb] === "denied" ? "denied" : reach);
  return {
    select: ifGranted("select", text(reads)),
    insert: ifGranted("insert", text(writes)),
    // A row that may be seen and not left like that is refused, not passed over.
    update: ifGranted("update", reads.every((owner) => writes.includes(owner)) ? text(reads) : "refused"),
    delete: DELETABLE.has(name) ? ifGranted("delete", text(reads)) : "denied",
  };
}

test("no partition is open to the app by itself, in any verb or any column", async () => {
  const { rows } = await withClient(database.owner, (client) =>
    client.query(`SELECT c.relname FROM pg_class c
      WHERE c.relnamespace = 'relata'::regnamespace AND c.relispartition AND c.relkind IN ('r', 'p')
        AND (has_table_privilege('relata_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
          OR has_any_column_privilege('relata_app', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))`),
  );
  expect(rows).toEqual([]);
  const { rows: count } = await withClient(database.owner, (client) =>
    client.query(`SELECT count(*)::int AS partitions FROM pg_class WHERE relnamespace = 'relata'::regnamespace
      AND relispartition AND relkind = 'r'`),
  );
  expect(count[0].partitions).toBeGreaterThanOrEqual(128);
});
