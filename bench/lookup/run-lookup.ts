import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { createRelataClient, type RelataClient } from "../../src/client/relata-client.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/storage/embedded/launch.ts";
import { migrate } from "../../src/storage/postgres/migrate.ts";
import { ROLES } from "../../src/storage/postgres/roles.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { startTestIssuer, type TestIssuer } from "../../test/support/tokens.ts";
import { type ReachableDocuments, reachableDocuments } from "../workloads/reachable-documents.ts";
import { drain, leaveAfter } from "./ask.ts";
import { loadTuples } from "./load.ts";
import type { ServerAnswer, ServerQuestion } from "./server-process.ts";

const TENANT = "bench";
const MIB = 1024 * 1024;
/** Nothing may be running, and nothing may start, later than this after the client has left. */
const SILENCE_LIMIT_MS = 100;

/** Prints what one large LookupResources costs, end to end. @returns the exit code */
export async function runLookup(tuples: number, results: number): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "relata-bench-"));
  // Where this runs as root, PostgreSQL runs as somebody else, who has to get through.
  await chmod(dataDir, 0o755);
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, "pg"), durable: true });
  stack.defer(() => postgres.stop());
  const work = reachableDocuments(tuples, results);
  await prepare(postgres, work);
  const issuer = await startTestIssuer();
  stack.defer(() => issuer.close());
  const server = fork(join(import.meta.dirname, "server-process.ts"));
  stack.defer(() => stop(server));
  const client = await connect(server, postgres, issuer);
  stack.defer(() => client.close());
  console.log(`${tuples} tuples, LookupResources over gRPC with a JWT`);
  let code = 0;
  for (const asked of [work.plain, work.checked]) {
    const { permission, results: expected } = asked;
    // Warm: the first use of a connection prepares its statements.
    await leaveAfter(100, client, work, permission);
    await setTimeout(500);
    const count = await measureWhole(server, client, work, permission);
    const silenceMs = await measureSilence(server, postgres, client, work, asked);
    console.log(`  after the client leaves, the last of its SQL ends ${silenceMs.toFixed(0)} ms later`);
    if (count !== expected || silenceMs > SILENCE_LIMIT_MS) code = 1;
    if (count !== expected) console.log(`  ${count} results, not ${expected}`);
  }
  return code;
}

async function prepare(postgres: EmbeddedPostgres, work: ReachableDocuments): Promise<void> {
  const { connection } = postgres;
  await migrate({ connection });
  const store = await createPostgresStore({ connection: { ...connection, user: ROLES.app } });
  const origin = { actor: "bench", requestId: "bench" };
  const tenant = await store.tenants.create({ slug: TENANT }, origin);
  await store.schemas.write(tenant, { text: work.schema, expectedVersion: 0, strands: [], origin });
  await store.close();
  const begin = performance.now();
  await loadTuples(connection, tenant, work.generate());
  console.log(`loaded in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}

async function connect(server: ChildProcess, postgres: EmbeddedPostgres, issuer: TestIssuer): Promise<RelataClient> {
  const connection = { ...postgres.connection, user: ROLES.app };
  const answer = await tell(server, { what: "start", connection, issuer: issuer.trust() });
  if (answer.what !== "started") throw new Error("the server did not start");
  return createRelataClient({ address: answer.address, token: () => issuer.mint({ tenant: TENANT }) });
}

async function measureWhole(
  server: ChildProcess,
  client: RelataClient,
  work: ReachableDocuments,
  permission: string,
): Promise<number> {
  const before = await look(server);
  let looking = Promise.resolve(before);
  const { results, firstMs, totalMs } = await drain(client, work, permission, () => {
    looking = look(server);
  });
  const atFirst = await looking;
  const after = await look(server);
  const statements = after.statements.count - before.statements.count;
  const early = atFirst.statements.count - before.statements.count;
  const peak = Math.max(atFirst.peakRssBytes, after.peakRssBytes) - before.rssBytes;
  console.log(`${work.objectType}#${permission}: ${results} results in ${totalMs.toFixed(0)} ms`);
  console.log(`  ${((results / totalMs) * 1000).toFixed(0)} results/s, the first after ${firstMs.toFixed(0)} ms`);
  console.log(`  ${statements} statements, ${early} of them before the first result`);
  console.log(`  the server's memory grew by ${(peak / MIB).toFixed(0)} MiB at most`);
  return results;
}

/** Leaves ten times, from nearly at once to half way through. @returns how long after the client has left, at worst, its SQL is seen, as sent by the server or as running in Postgres */
async function measureSilence(
  server: ChildProcess,
  postgres: EmbeddedPostgres,
  client: RelataClient,
  work: ReachableDocuments,
  { permission, results: expected }: ReachableDocuments["plain"],
): Promise<number> {
  let worstMs = 0;
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const leftAtMs = await leaveAfter(Math.ceil(expected ** (attempt / 10) / 2), client, work, permission);
    const runningUntilMs = await lastActivity(postgres, 500);
    const { statements } = await look(server);
    worstMs = Math.max(worstMs, statements.lastAtMs - leftAtMs, runningUntilMs - leftAtMs);
  }
  return worstMs;
}

/** Watches for `durationMs`. @returns when a statement of the server was last seen running, milliseconds since the epoch */
async function lastActivity({ connection }: EmbeddedPostgres, durationMs: number): Promise<number> {
  const now = () => performance.timeOrigin + performance.now();
  const watcher = new pg.Client({ ...connection, application_name: "watcher" });
  await watcher.connect();
  try {
    let last = 0;
    for (const until = now() + durationMs; now() < until; ) {
      const askedAtMs = now();
      const { rows } = await watcher.query(
        "SELECT count(*)::int AS active FROM pg_stat_activity WHERE application_name = 'relata' AND state = 'active'",
      );
      if (rows[0].active > 0) last = askedAtMs;
    }
    return last;
  } finally {
    await watcher.end();
  }
}

async function look(server: ChildProcess): Promise<Extract<ServerAnswer, { what: "seen" }>> {
  const answer = await tell(server, { what: "look" });
  if (answer.what !== "seen") throw new Error("the server answered something else");
  return answer;
}

async function tell(server: ChildProcess, question: ServerQuestion): Promise<ServerAnswer> {
  server.send(question);
  const [answer] = await once(server, "message");
  return answer;
}

async function stop(server: ChildProcess): Promise<void> {
  const ended = once(server, "exit");
  server.send({ what: "stop" } satisfies ServerQuestion);
  await ended;
}
