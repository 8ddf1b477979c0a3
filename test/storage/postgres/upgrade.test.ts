import { randomUUID } from "node:crypto";
import { cp, readdir } from "node:fs/promises";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RelataClient } from "../../../src/client/relata-client.ts";
import { Decision } from "../../../src/gen/relata/v1/authorization_service_pb.ts";
import { migrate } from "../../../src/storage/postgres/migrate.ts";
import { MIGRATIONS_DIR } from "../../../src/storage/postgres/migration-files.ts";
import { collect } from "../../support/collect.ts";
import { createTestDatabase, type TestDatabase } from "../../support/postgres.ts";
import { withClient } from "../../support/postgres-template.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { wireQuestion, writeTuples } from "../../support/server-seed.ts";
import { createTempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait.ts";

/** The newest migration of the release before audit, trust and tenant life. */
const PREVIOUS = "0006";
const BUCKET = 5;
const LIVE = "9223372036854775807";
const SCHEMA = "definition user {}\n\ndefinition document {\n  relation viewer: user\n  permission view = viewer\n}\n";

let database: TestDatabase;
let server: TestServer;
let client: RelataClient;
const tenantId = randomUUID();

beforeAll(async () => {
  database = await createTestDatabase();
  await withClient(database.owner, (owner) => owner.query("DROP SCHEMA relata CASCADE"));
  const connection = { ...(database.superuser ?? database.owner) };
  await using before = await createTempDir();
  await cp(MIGRATIONS_DIR, before.path, {
    recursive: true,
    filter: (path) => !path.endsWith(".sql") || (path.split("/").at(-1) ?? "") < `${PREVIOUS}z`,
  });
  const { applied } = await migrate({ connection, migrationsDir: before.path });
  expect(applied.at(-1)).toMatch(`${PREVIOUS}_`);
  await withClient(database.app, writeAsPreviousRelease);
  const files = (await readdir(MIGRATIONS_DIR)).filter((file) => file.endsWith(".sql"));
  expect((await migrate({ connection })).applied).toHaveLength(files.length - applied.length);
  server = await startTestServer({ database });
  client = server.client("older");
});
afterAll(async () => {
  await server?.close();
  await database.drop();
});

/** A tenant with a schema at revision 1, two tuples at 2, and one of them deleted at 3. */
async function writeAsPreviousRelease(app: pg.Client): Promise<void> {
  await app.query("BEGIN");
  await app.query("SELECT set_config('relata.registry', 'open', true), set_config('relata.tenant_id', $1, true)", [
    tenantId,
  ]);
  await app.query("INSERT INTO relata.tenant (id, slug, bucket, schema_name) VALUES ($1, 'older', $2, 'older')", [
    tenantId,
    BUCKET,
  ]);
  await app.query("INSERT INTO relata.tenant_head VALUES ($1, $2, 3, 'older', 1, now())", [tenantId, BUCKET]);
  await app.query("INSERT INTO relata.schema VALUES ('older', 1)");
  await app.query("INSERT INTO relata.schema_version VALUES ('older', 1, $1, now())", [SCHEMA]);
  for (const revision of [0, 1, 2, 3]) {
    await app.query("INSERT INTO relata.revision VALUES ($1, $2, $3, 'older', $4, now(), 'i|backend', 'r', NULL)", [
      BUCKET,
      tenantId,
      revision,
      Math.min(revision, 1),
    ]);
  }
  for (const [user, deleted] of [
    ["anne", LIVE],
    ["ben", "3"],
  ]) {
    await app.query(
      "INSERT INTO relata.tuple VALUES ($1, $2, 'document', '1', 'viewer', 'user', $3, '', NULL, NULL, NULL, 2, $4)",
      [BUCKET, tenantId, user, deleted],
    );
  }
  await app.query("COMMIT");
}

const decisionFor = async (user: string) =>
  (await client.authorization.check(wireQuestion(`document:1#view@user:${user}`))).decision;

test("what the previous release wrote is answered from, and read", async () => {
  expect(await decisionFor("anne")).toBe(Decision.ALLOWED);
  expect(await decisionFor("ben")).toBe(Decision.DENIED);
  expect((await client.schemas.read({})).text).toBe(SCHEMA);
  const tuples = await collect(client.tuples.read({}));
  expect(tuples.map(({ tuple }) => tuple?.subject?.object?.id)).toEqual(["anne"]);
  expect((await server.operator.tenants.list({})).tenants).toMatchObject([{ id: tenantId, slug: "older" }]);
});

test("a tenant from before goes on from its revision, and its record begins with what comes now", async () => {
  const consistencyToken = await writeTuples(client, "~document:1#viewer@user:carl");
  const consistency = { requirement: { case: "atLeastAsFresh" as const, value: consistencyToken } };
  const question = { ...wireQuestion("document:1#view@user:carl"), consistency };
  expect((await client.authorization.check(question)).decision).toBe(Decision.ALLOWED);
  await withClient(database.app, async (app) => {
    await app.query("SELECT set_config('relata.tenant_id', $1, false)", [tenantId]);
    const { rows } = await app.query("SELECT revision::int FROM relata.tenant_head");
    expect(rows).toEqual([{ revision: 4 }]);
  });
  expect(await client.audit.verify({})).toMatchObject({ intact: true, complete: true, events: 1n, firstSeq: 1n });
});

test("it has API tokens, and can be suspended and resumed", async () => {
  const { secret } = await client.credentials.createApiToken({ name: "ci", scopes: ["check"] });
  const byToken = server.client("older", {}, { token: secret });
  expect((await byToken.authorization.check(wireQuestion("document:1#view@user:anne"))).decision).toBe(
    Decision.ALLOWED,
  );
  await server.operator.tenants.suspend({ slug: "older" });
  const refused = await waitFor("calls of a suspended tenant are refused", () =>
    decisionFor("anne").then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  expect(refused).toMatchObject({ reason: "PERMISSION_DENIED" });
  await server.operator.tenants.resume({ slug: "older" });
  await waitFor(
    "it is answered again",
    async () => (await decisionFor("anne").catch(() => undefined)) === Decision.ALLOWED,
  );
});
