import type { TrustedIssuer } from "../../src/model/trust.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import type { BenchDatabase } from "../database/open-database.ts";
import { type Generator, startGenerator } from "../load/generator.ts";
import type { WorkloadName } from "../workloads/workloads.ts";
import type { AskedRound } from "./answers-under-load.ts";
import { type BenchServer, startBenchServer } from "./bench-server.ts";
import { bearer, CHECK_PATH, grpcEcho } from "./check-requests.ts";
import { ECHO_PATH } from "./echo.ts";
import { askLane, type Lane, type Round, settleLane } from "./lane.ts";
import { grpc, sayRound } from "./run-rpc.ts";
import { type Verified, verifyChanges, verifyLookups, verifyRevisions, withClient } from "./verify-workload.ts";
import { lookupRequests, WRITE_PATH, workloadRequests } from "./workload-requests.ts";
import { type FilledWorkload, fillWorkloads, type WorkloadAmounts } from "./workload-tenants.ts";

export interface WorkloadsOptions extends WorkloadAmounts {
  readonly database: Pick<BenchDatabase, "owner" | "app">;
  readonly issuer: TrustedIssuer;
  /** A token for a caller of that name, who is bound to the tenant of that name. */
  readonly mint: (slug: string) => Promise<string>;
  readonly names: readonly WorkloadName[];
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmMs: number;
  readonly lookups: number;
  readonly print: (line: string) => void;
}

export interface WorkloadsResult {
  /** By lane: for each workload its name and, where it has lists, `<name>/lookups`. */
  readonly rounds: ReadonlyMap<string, readonly Round[]>;
  /** Of the empty methods, by the lane that was asked right behind them; lists have none. */
  readonly echoes: ReadonlyMap<string, readonly Echoes[]>;
  /** Every answer under load, warming up included. */
  readonly asked: readonly AskedRound[];
  readonly verified: ReadonlyMap<WorkloadName, Verified>;
}

/** Of one round. */
export interface Echoes {
  readonly transport: Round;
  readonly grpcJs: Round;
}

const SCOPES = ["check", "tuples:write"] as const;
/** Lists are long: few at once are work enough. */
const LOOKUPS_IN_FLIGHT = 8;
/** Behind the name of a workload whose lists a lane asks; they are no single calls, and are held against none. */
export const LOOKUPS = "/lookups";
const AWAKENING_MS = 60;

interface Scene {
  readonly filled: FilledWorkload;
  readonly tokens: readonly string[];
  readonly lanes: readonly Lane[];
}

/**
 * The whole path of each workload: its tuples in a tenant of its own (or in many), asked over gRPC with a token of that tenant. Right
 * before each of them the empty methods of the same server are asked, which it is held against.
 */
export async function runWorkloads(options: WorkloadsOptions): Promise<WorkloadsResult> {
  const { database, issuer, names, print } = options;
  await using stack = new AsyncDisposableStack();
  const store = await createPostgresStore({ connection: { ...database.app } });
  stack.defer(() => store.close());
  const beganMs = performance.now();
  const filled = await fillWorkloads(database.owner, store, names, options);
  print(`${filled.length} workloads written in ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
  const slugs = filled.flatMap(({ tenants }) => tenants.map(({ slug }) => slug));
  const bindings = slugs.map((slug) => ({ issuer: issuer.issuer, subject: slug, tenants: [slug], scopes: SCOPES }));
  const settings = { issuers: [issuer], bindings, warmTenants: slugs };
  const server = await startBenchServer(stack, { connection: database.app, settings, patient: true });
  const generator = stack.use(startGenerator());
  const scenes = await Promise.all(filled.map((one) => sceneOf(one, server, options)));
  const { grpcPort, transportEchoPort } = server.ports;
  const empty = { server, resident: slugs.length, empty: true } as const;
  const echoes = {
    transport: { ...empty, name: "transportEcho", target: grpc(transportEchoPort, [grpcEcho(CHECK_PATH)]) },
    grpcJs: { ...empty, name: "echo", target: grpc(grpcPort, [grpcEcho(ECHO_PATH)]) },
  };
  const lanes = scenes.flatMap((scene) => scene.lanes);
  const heads = await headsOf(store, filled);
  const asked = await askInRounds(generator, { echoes, lanes }, options);
  const verified = new Map<WorkloadName, Verified>();
  for (const [index, scene] of scenes.entries()) {
    const { name, tenants } = scene.filled;
    const [tenant] = tenants;
    const after = tenant === undefined ? 0 : (await store.revisions.head(tenant)).revision;
    const revisions = verifyRevisions(name, heads[index] ?? 0, after, asked.writes.get(name) ?? 0);
    verified.set(name, join([revisions, await verify(scene, server, options)]));
  }
  // Awaited here: what it asks is closed behind it.
  return { rounds: asked.rounds, echoes: asked.echoes, asked: asked.all, verified };
}

async function sceneOf(filled: FilledWorkload, server: BenchServer, options: WorkloadsOptions): Promise<Scene> {
  const tokens = await Promise.all(filled.tenants.map(({ slug }) => options.mint(slug)));
  const callers = tokens.map(bearer);
  const { name, work } = filled;
  const port = server.ports.grpcPort;
  const checks: Lane = { name, server, target: grpc(port, workloadRequests(filled, callers)) };
  const lookups = lookupRequests(work.lookups?.(options.lookups) ?? [], callers);
  if (lookups.length === 0) return { filled, tokens, lanes: [checks] };
  const lists: Lane = {
    name: `${name}${LOOKUPS}`,
    server,
    target: grpc(port, lookups),
    inFlight: LOOKUPS_IN_FLIGHT,
  };
  return { filled, tokens, lanes: [checks, lists] };
}

async function headsOf(store: Parameters<typeof fillWorkloads>[1], filled: readonly FilledWorkload[]) {
  return await Promise.all(
    filled.map(async ({ tenants: [tenant] }) =>
      tenant === undefined ? 0 : (await store.revisions.head(tenant)).revision,
    ),
  );
}

interface AskedInRounds {
  readonly rounds: Map<string, Round[]>;
  readonly echoes: Map<string, Echoes[]>;
  readonly all: AskedRound[];
  /** That were answered, warming up included. */
  readonly writes: Map<string, number>;
}

interface WorkloadLanes {
  readonly echoes: Readonly<Record<keyof Echoes, Lane>>;
  readonly lanes: readonly Lane[];
}

async function askInRounds(
  generator: Generator,
  { echoes, lanes }: WorkloadLanes,
  { rounds, roundMs, warmMs, print }: WorkloadsOptions,
): Promise<AskedInRounds> {
  const asked: AskedInRounds = { rounds: new Map(), echoes: new Map(), all: [], writes: new Map() };
  const turns = new Map<string, number>();
  const count = (lane: Lane, round: Round) => {
    asked.all.push({ lane, round });
    asked.writes.set(lane.name, (asked.writes.get(lane.name) ?? 0) + (round.callsByPath[WRITE_PATH] ?? 0));
    turns.set(lane.name, (turns.get(lane.name) ?? 0) + round.turns);
    return round;
  };
  // From where the lane was left: what was written then is not written again.
  const ask = async (lane: Lane, durationMs: number) =>
    count(lane, await askLane(generator, lane, { durationMs, offset: turns.get(lane.name) ?? 0 }));
  for (const lane of [echoes.transport, echoes.grpcJs, ...lanes]) {
    await generator.learn(lane.name, lane.target);
    for (const round of await settleLane(generator, lane)) count(lane, round);
    await ask(lane, warmMs);
  }
  for (let round = 0; round < rounds; round++)
    for (const lane of lanes) {
      // Nobody has asked these tenants for some seconds: what the process knows of them is looked up again first, which is once.
      await ask(lane, AWAKENING_MS);
      if (!lane.name.endsWith(LOOKUPS)) {
        const grpcJs = await ask(echoes.grpcJs, roundMs / 4);
        append(asked.echoes, lane, { grpcJs, transport: await ask(echoes.transport, roundMs / 2) });
      }
      const found = await ask(lane, roundMs);
      print(sayRound(lane.name, found));
      append(asked.rounds, lane, found);
    }
  return asked;
}

function append<T>(found: Map<string, T[]>, { name }: Lane, one: T): void {
  found.set(name, [...(found.get(name) ?? []), one]);
}

/** By the product's own client. */
async function verify(
  { filled, tokens }: Scene,
  server: BenchServer,
  { lookups }: WorkloadsOptions,
): Promise<Verified> {
  const { work } = filled;
  const known = work.lookups?.(lookups) ?? [];
  const writes = (work.writeShare ?? 0) > 0;
  if (known.length === 0 && !writes) return { compared: 0, wrong: [] };
  return await withClient(server.ports.grpcPort, tokens[0] ?? "", async (client) =>
    join([await verifyLookups(client, known), ...(writes ? [await verifyChanges(client, work)] : [])]),
  );
}

function join(parts: readonly Verified[]): Verified {
  return {
    compared: parts.reduce((sum, { compared }) => sum + compared, 0),
    wrong: parts.flatMap(({ wrong }) => wrong),
  };
}
