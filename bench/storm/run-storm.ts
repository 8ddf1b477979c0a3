import { chmod, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientConfig } from "pg";
import { startEmbeddedPostgres } from "../../src/storage/embedded/launch.ts";
import { migrate } from "../../src/storage/postgres/migrate.ts";
import { ROLES } from "../../src/storage/postgres/roles.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { startTestIssuer, type TestIssuer } from "../../test/support/tokens.ts";
import { type Child, startChild } from "../load/child.ts";
import { startGenerator } from "../load/generator.ts";
import { median } from "../load/median.ts";
import { loadTuples } from "../lookup/load.ts";
import { startBenchServer } from "../rpc/bench-server.ts";
import { bearer, grpcCheck } from "../rpc/check-requests.ts";
import { grpc } from "../rpc/run-rpc.ts";
import { documents } from "../workloads/documents.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import type { ProbeOptions, ProbeResult } from "./probe-process.ts";

const STORMING = "storming";
const QUIET = "quiet";
const TUPLES = 20_000;
/** Of the quiet tenant. */
const RATE = 200;
/** Of the storm: several times what a process answers. */
const STORM_RATE = 60_000;
/** What a tenant may where there is a rate. */
const LIMIT = 1_000;
const STORM_CONNECTIONS = 8;
/** Ahead of what is measured, so that the storm is under way. */
const HEAD_START_MS = 1_000;
const STALLED_MS = 120_000;

type Probe = Child<ProbeOptions, ProbeResult>;

interface Scene {
  readonly name: string;
  readonly port: number;
}

interface Sight extends ProbeResult {
  readonly stormPerSecond: number;
}

/**
 * One tenant asks a hundred Checks a second; another sends more than the process can answer. What the first has of it, with
 * limits and without. @returns the exit code
 */
export async function runStorm(rounds: number, roundMs: number, part = ""): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const world = await openWorld(stack);
  const questions = world.questions;
  const storm = stack.use(startGenerator());
  const quiet: Probe = startChild(join(import.meta.dirname, "probe-process.ts"));
  stack.defer(() => quiet.close());
  const start = (name: string, more: object, unlimited?: boolean) =>
    startScene(stack, world, { name, ...more, unlimited });
  const scenes = {
    limited: await start("limited", {}),
    unlimited: await start("unlimited", {}, true),
    rated: await start("rated", { tenantRate: LIMIT }),
  };
  const token = (tenant: string) => world.issuer.mint({ tenant, sub: tenant });

  const ask = ({ port }: Scene, durationMs: number): Promise<ProbeResult> => {
    const [question] = questions as readonly [KnownQuestion];
    const target = grpc(port, [grpcCheck(question, bearer(token(QUIET)))]);
    return quiet.ask({ target, ratePerSecond: RATE, durationMs }, durationMs + STALLED_MS);
  };
  for (const [name, { port }] of Object.entries(scenes)) {
    const headers = bearer(token(STORMING));
    await storm.learn(
      name,
      grpc(
        port,
        questions.map((question) => grpcCheck(question, headers)),
      ),
    );
  }
  const blow = ({ name }: Scene, durationMs: number, ratePerSecond: number, easy = true) =>
    // What has found no stream when the time is over is nobody's concern.
    storm.run(name, { connections: STORM_CONNECTIONS, durationMs, ratePerSecond, easy, drainMs: 0 });
  const both = async (scene: Scene, ratePerSecond: number, { easy = true, upon = scene } = {}): Promise<Sight> => {
    const blown = blow(upon, HEAD_START_MS + roundMs, ratePerSecond, easy);
    await sleep(HEAD_START_MS);
    const seen = await ask(scene, roundMs);
    const { callsPerSecond, calls, wrong } = await blown;
    // Refusals count as wrong answers: of a storm that is let through there are none.
    return { ...seen, stormPerSecond: (callsPerSecond * (calls - wrong)) / Math.max(1, calls) };
  };
  const lanes: Readonly<Record<string, () => Promise<Sight>>> = {
    alone: async () => ({ ...(await ask(scenes.limited, roundMs)), stormPerSecond: 0 }),
    // Its generator keeps a core busy and sends next to nothing: what the machine does to the figure, not the service.
    "beside a busy core": () => both(scenes.limited, 1, { easy: false }),
    // What the machine has to do in a storm, and nothing of it here.
    "storm on another process": () => both(scenes.limited, STORM_RATE, { upon: scenes.unlimited }),
    "storm, without limits": () => both(scenes.unlimited, STORM_RATE),
    "storm, with limits": () => both(scenes.limited, STORM_RATE),
    "with a rate, 5x over it": () => both(scenes.rated, 5 * LIMIT),
    "storm, with a rate": () => both(scenes.rated, STORM_RATE),
  };
  for (const scene of Object.values(scenes)) {
    await blow(scene, 1_500, STORM_RATE);
    await ask(scene, 500);
  }
  console.log(`load of the machine ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`);
  const seen = new Map<string, Sight[]>();
  for (let round = 0; round < rounds; round++)
    for (const [name, lane] of Object.entries(lanes).filter(([name]) => name.includes(part))) {
      const sight = await lane();
      seen.set(name, [...(seen.get(name) ?? []), sight]);
      print(name, [sight]);
    }
  console.log("medians:");
  for (const [name, sights] of seen) print(name, sights);
  const wrong = [...seen.values()].flat().reduce((sum, sight) => sum + sight.wrong, 0);
  console.log(`wrong answers to the quiet tenant: ${wrong}`);
  return wrong === 0 ? 0 : 1;
}

function print(name: string, sights: readonly Sight[]): void {
  const of = (pick: (sight: Sight) => number) => median(sights.map(pick));
  console.log(
    `${name.padEnd(24)} p50 ${of((s) => s.p50Ms).toFixed(2)} ms, p99 ${of((s) => s.p99Ms).toFixed(2)} ms, ` +
      `max ${of((s) => s.maxMs).toFixed(2)} ms; storm answered ${of((s) => s.stormPerSecond).toFixed(0)}/s`,
  );
}

interface World {
  readonly connection: ClientConfig;
  readonly issuer: TestIssuer;
  readonly questions: readonly KnownQuestion[];
}

async function openWorld(stack: AsyncDisposableStack): Promise<World> {
  const dataDir = await mkdtemp(join(tmpdir(), "relata-storm-"));
  // Where this runs as root, PostgreSQL runs as somebody else, who has to get through.
  await chmod(dataDir, 0o755);
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, "pg"), durable: true });
  stack.defer(() => postgres.stop());
  const { connection } = postgres;
  await migrate({ connection });
  const app = { ...connection, user: ROLES.app };
  const store = await createPostgresStore({ connection: app });
  const work = documents(TUPLES);
  const origin = { actor: "bench", requestId: "bench" };
  for (const slug of [STORMING, QUIET]) {
    const tenant = await store.tenants.create({ slug }, origin);
    await store.schemas.write(tenant, { text: work.schema, expectedVersion: 0, strands: [], origin });
    await loadTuples(connection, tenant, work.generate());
  }
  await store.close();
  const issuer = await startTestIssuer();
  stack.defer(() => issuer.close());
  return { connection: app, issuer, questions: work.questions(1_000) };
}

async function startScene(
  stack: AsyncDisposableStack,
  { connection, issuer }: World,
  { name, unlimited = false, ...more }: { readonly name: string; readonly unlimited?: boolean | undefined },
): Promise<Scene> {
  const settings = { issuers: [issuer.trust()], warmTenants: [STORMING, QUIET], ...more };
  const { ports } = await startBenchServer(stack, { connection, settings, unlimited });
  return { name, port: ports.grpcPort };
}
