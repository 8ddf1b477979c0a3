import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type pg from "pg";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../src/storage/embedded/launch.ts";
import { migrate } from "../../../src/storage/postgres/migrate.ts";
import { withClient } from "../../support/postgres-template.ts";
import { createTempDir } from "../../support/temp-dir.ts";
import type { StoredRevision } from "./checker.ts";

/** A PostgreSQL of a test's own, which it may stop, kill and put back to an older state. */
export interface Database extends AsyncDisposable {
  readonly connection: EmbeddedPostgres["connection"];
  /** Ends every connection in good order. Resolves when the server has ended. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** `kill -9` of the postmaster; what was committed is on disk. */
  crash(): Promise<void>;
  /** SIGKILL to a process that serves relata: PostgreSQL takes its memory for gone bad, and starts again by itself. */
  killBackend(): Promise<void>;
  /** Copies the files, with the server stopped meanwhile. The result puts them back, and all that came later is gone. */
  backUp(): Promise<() => Promise<void>>;
}

const run = promisify(execFile);

export async function createDatabase(): Promise<Database> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await createTempDir()).path;
  // The real thing: an acknowledged commit is on disk.
  const open = () => startEmbeddedPostgres({ dataDir: join(directory, "pg"), durable: true });
  let server = await open();
  const whileStopped = async (act: () => Promise<unknown>) => {
    await server.stop();
    await act();
    server = await open();
  };
  stack.defer(() => server.stop());
  await migrate({ connection: server.connection });
  const kept = stack.move();
  return {
    connection: server.connection,
    stop: () => server.stop(),
    async start() {
      server = await open();
    },
    async crash() {
      process.kill(server.pid, "SIGKILL");
      await server.ended;
    },
    async killBackend() {
      const pid = await withClient(server.connection, findBackend).catch(() => undefined);
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    },
    async backUp() {
      const [files, copy] = [join(directory, "pg", "pgdata"), join(directory, "backup")];
      await whileStopped(() => run("cp", ["-a", files, copy]));
      return () =>
        whileStopped(async () => {
          await rm(files, { recursive: true });
          await run("cp", ["-a", copy, files]);
        });
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

async function findBackend(client: pg.Client): Promise<number | undefined> {
  const sql =
    "SELECT pid FROM pg_stat_activity WHERE usename = 'relata_app' ORDER BY query_start DESC NULLS LAST LIMIT 1";
  return (await client.query<{ pid: number }>(sql)).rows[0]?.pid;
}

/** What the database says of a tenant's revisions, from 1 on, past relata. */
export function readRevisions(
  connection: EmbeddedPostgres["connection"],
  tenant: string,
): Promise<readonly StoredRevision[]> {
  return withClient(connection, async (client) => {
    const { rows } = await client.query<{ revision: string; write: string | null; schema: string | null }>(
      `SELECT r.revision, r.metadata ->> 'write' AS write, s.source AS schema FROM relata.revision r
       LEFT JOIN relata.schema_version s ON s.name = r.schema_name AND s.version = r.schema_version
       WHERE r.tenant_id = (SELECT id FROM relata.tenant WHERE slug = $1) AND r.revision > 0 ORDER BY r.revision`,
      [tenant],
    );
    for (const [index, { revision }] of rows.entries())
      if (Number(revision) !== index + 1) throw new Error(`revision ${index + 1} of ${tenant} is missing`);
    return rows.map(({ write, schema }) => ({ write: write ?? undefined, schema: schema ?? "" }));
  });
}
