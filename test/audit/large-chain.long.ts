import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { AuditDraft } from "../../src/model/audit.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { runTestCli } from "../cli/run-cli.ts";
import { withClient } from "../support/postgres-template.ts";
import { startTestServer } from "../support/server.ts";
import { createTempDir } from "../support/temp-dir.ts";

const EVENTS = 100_000;
const AT_ONCE = 100;
const ROUNDS = 3;

/** As a Write of one tuple leaves it. */
function drafts(from: number): readonly AuditDraft[] {
  return Array.from({ length: AT_ONCE }, (_, index) => ({
    event: "tuples.written",
    origin: {
      actor: "https://issuer.example.com|backend",
      requestId: `6f9619ff-8b86-d011-b42d-${String(from + index).padStart(12, "0")}`,
      credential: `jwt:${from + index}`,
      address: "192.0.2.17",
    },
    details: { revision: from + index, schema_version: 1, updates: 1, closed: 0, inserted: 1 },
    personal: { changes: [`create document:d${from + index}#viewer@user:u${from + index}`] },
  }));
}

test("100,000 events are proved in seconds, by a server and from a file", { timeout: 600_000 }, async () => {
  await using dir = await createTempDir();
  const server = await startTestServer({ config: { auditKeys: [{ id: "k1", privateKey: Buffer.alloc(32, 7) }] } });
  const store = await createPostgresStore({ connection: { ...server.database.app } });
  try {
    const { id, slug } = await server.createTenant();
    await timed("appending them", async () => {
      for (let from = 1; from < EVENTS; from += AT_ONCE) await store.audit.append(id, drafts(from));
    });
    const env = { RELATA_SERVER: server.grpcAddress, RELATA_TOKEN: server.issuer.mint({ tenant: slug }) };
    const relata = (...argv: readonly string[]) => runTestCli(["audit", ...argv], { cwd: dir.path, env });
    const file = join(dir.path, "record.jsonl");
    const startedAt = performance.now();
    await timed("exporting them", () => relata("export", "--out", file, "--timeout", "60"));
    // Of a server's call a second is kept for its end.
    const aThird = String(1 + (performance.now() - startedAt) / 3_000);
    console.log(`the file has ${((await stat(file)).size / 1e6).toFixed(1)} MB`);
    for (let round = 0; round < ROUNDS; round += 1) {
      const byServer = await timed("proving them on the server", () => relata("verify", "--timeout", "60"));
      const byFile = await timed("proving them from the file", () => relata("verify", file));
      for (const run of [byServer, byFile])
        expect(run).toMatchObject({ exit: 0, stdout: expect.stringContaining("sound: 100,001 events (1 to 100001)") });
    }
    // In calls that end before they are done: each goes on where the last one stopped.
    const inParts = join(dir.path, "parts.jsonl");
    expect(await relata("export", "--out", inParts, "--timeout", aThird)).toMatchObject({ exit: 0 });
    expect(await readFile(inParts, "utf8")).toBe(await readFile(file, "utf8"));
    expect(await relata("verify", "--timeout", aThird)).toMatchObject({ exit: 0 });
    const { superuser } = server.database;
    if (superuser === undefined) throw new Error("only a superuser can tamper");
    await withClient(superuser, async (client) => {
      await client.query("SET session_replication_role = replica");
      await client.query(
        "UPDATE relata.audit_event SET body = set_byte(body, 60, get_byte(body, 60) # 1) WHERE chain = $1 AND seq = 7777",
        [id],
      );
    });
    const broken = await relata("verify", "--timeout", "60");
    expect(broken).toMatchObject({ exit: 1, stdout: expect.stringMatching(/^broken at event 7777: 100,001 events/) });
  } finally {
    await store.close();
    await server.close();
  }
});

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  console.log(
    `${what}: ${seconds(performance.now() - startedAt)}, CPU of this process ${seconds((user + system) / 1000)}`,
  );
  return result;
}
