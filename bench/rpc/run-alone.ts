import { chmod, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../src/storage/embedded/launch.ts";
import { migrate } from "../../src/storage/postgres/migrate.ts";
import { ROLES } from "../../src/storage/postgres/roles.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { startTestIssuer } from "../../test/support/tokens.ts";
import { loadTuples } from "../lookup/load.ts";
import { documents } from "../workloads/documents.ts";
import { type RpcOptions, runRpcLayer } from "./run-rpc.ts";

const TENANT = "bench";

export interface RpcAloneOptions {
  readonly tuples: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly profile?: RpcOptions["profile"];
}

/** The layer by itself, with a database of its own. @returns the exit code */
export async function runRpcAlone({ tuples, rounds, roundMs, profile }: RpcAloneOptions): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "relata-bench-"));
  // Where this runs as root, PostgreSQL runs as somebody else, who has to get through.
  await chmod(dataDir, 0o755);
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, "pg"), durable: true });
  stack.defer(() => postgres.stop());
  const { connection } = postgres;
  const work = documents(tuples);
  await migrate({ connection });
  const app = { ...connection, user: ROLES.app };
  const store = await createPostgresStore({ connection: app });
  const origin = { actor: "bench", requestId: "bench" };
  const tenant = await store.tenants.create({ slug: TENANT }, origin);
  await store.schemas.write(tenant, { text: work.schema, expectedVersion: 0, strands: [], origin });
  await store.close();
  await loadTuples(connection, tenant, work.generate());
  const issuer = await startTestIssuer();
  stack.defer(() => issuer.close());
  console.log(`${tuples} tuples; load of the machine ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`);
  const result = await runRpcLayer({
    connection: app,
    issuer: issuer.trust(),
    token: issuer.mint({ tenant: TENANT }),
    questions: work.questions(2_000),
    rounds,
    roundMs,
    print: (line) => console.log(line),
    ...(profile !== undefined && { profile }),
  });
  console.log(JSON.stringify(result, undefined, 2));
  console.log(`load of the machine ${loadavg()[0]?.toFixed(1)}`);
  return result.wrong.length === 0 ? 0 : 1;
}
