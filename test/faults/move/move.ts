import { setTimeout as sleep } from "node:timers/promises";
import type { JobStage } from "../../../src/model/tenant-life.ts";
import { createPostgresStore } from "../../../src/storage/postgres/store.ts";
import { ORIGIN } from "../../storage/drafts.ts";
import { withClient } from "../../support/postgres-template.ts";
import { waitFor } from "../../support/wait.ts";
import { createRandom, type Random } from "../random.ts";
import { accountFor } from "./account.ts";
import { insist, readUntil, send, writeUntil } from "./clients.ts";
import type { MoveFleet } from "./fleet.ts";
import { startMover } from "./movers.ts";
import { createRecords, longestOf, type Records } from "./records.ts";

export interface MovePlan {
  readonly seed: number;
  /** Who is at the move is killed once at each of these, somewhere on the way; the next one goes on. */
  readonly kills: readonly JobStage[];
  /** How long after the flip the late node still hears nothing; undefined: it hears everything at once. */
  readonly lateMs: number | undefined;
  /** Between two reads or writes of one client. */
  readonly pauseMs: number;
  /** Of load before the move begins and after it is done. */
  readonly aroundMs: number;
  /** Stored before the load begins, and there to the end. */
  readonly tuples: number;
}

export interface MoveReport {
  readonly killed: readonly JobStage[];
  /** From the beginning of the job to its end, and to the flip. */
  readonly tookMs: number;
  readonly flipMs: number;
  readonly writes: number;
  readonly reads: number;
  /** Answers of the late node that went to the old place, since it had not heard of the new one. */
  readonly late: number;
  /** The read and the write that took longest during the move, by node; about the flip, and before the move, on any node. */
  readonly longest: Readonly<Record<string, { readonly ms: number; readonly atMs: number }>>;
  /** When each stage began, after the job did. */
  readonly stages: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  /** Empty, or relata is broken. */
  readonly problems: readonly string[];
}

const WRITERS = ["w1", "w2"];
const READERS_A_NODE = 2;
/** One fault shows in hundreds of answers. */
const MOST_PROBLEMS = 20;
/** The test sees the flip within 100 ms; writers wait for it for less than the rest. */
const AROUND_FLIP_MS = 1_000;
/** Somewhere within a stage. */
const KILL_WITHIN_MS = 25;

/** Writers and readers on both nodes while the tenant is moved to a partition of its own; then the accounts are checked. */
export async function runMove(fleet: MoveFleet, plan: MovePlan): Promise<MoveReport> {
  const random = createRandom(plan.seed);
  const records = createRecords(WRITERS);
  await seedTuples(fleet, plan.tuples, records);
  const end = new AbortController();
  const clients = startClients(fleet, plan, records, end.signal);
  try {
    await underWay(records);
    await sleep(plan.aroundMs);
    const fromMs = performance.now();
    const { killed, flippedAtMs, heardAtMs, stages } = await moveUnderFire(fleet, plan, random);
    const untilMs = performance.now();
    await underWay(records);
    await sleep(plan.aroundMs);
    const longest = Object.fromEntries(
      (["read", "write"] as const).flatMap((kind) => [
        ...fleet.nodes.map(({ name }) => [
          `${kind} ${name}`,
          longestOf(records, kind, { node: name, fromMs, untilMs }),
        ]),
        [
          `${kind} at the flip`,
          longestOf(records, kind, { fromMs: flippedAtMs - AROUND_FLIP_MS, untilMs: flippedAtMs }),
        ],
        [`${kind} before`, longestOf(records, kind, { fromMs: 0, untilMs: fromMs })],
      ]),
    );
    end.abort();
    await Promise.all(clients);
    return {
      killed,
      tookMs: Math.round(untilMs - fromMs),
      flipMs: Math.round(flippedAtMs - fromMs),
      writes: records.done.filter(({ kind }) => kind === "write").length,
      reads: records.done.filter(({ kind }) => kind === "read").length,
      late: records.done.filter(
        ({ node, beganAtMs, endedAtMs }) => node === "late" && beganAtMs > flippedAtMs && endedAtMs < heardAtMs,
      ).length,
      longest,
      stages: Object.fromEntries(stages.map(({ stage, atMs }) => [stage, Math.round(atMs - fromMs)])),
      errors: Object.fromEntries(records.errors),
      problems: [...records.problems, ...(await accountFor(fleet, records))].slice(0, MOST_PROBLEMS),
    };
  } finally {
    end.abort();
    await Promise.all(clients);
  }
}

const TUPLES_AT_ONCE = 500;

/** Much to copy, in many chunks. */
async function seedTuples({ nodes, database }: MoveFleet, tuples: number, { journal }: Records): Promise<void> {
  for (let from = 0; from < tuples; from += TUPLES_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(TUPLES_AT_ONCE, tuples - from) }, (_, at) => from + at);
    const adds = numbers.map((number) => `document:s${number}#viewer@user:seed${number % 100}`);
    const write = { id: `seed/${from}`, adds, removes: [] };
    journal.push({ kind: "intent", write });
    await insist(() => send(nodes[0], write));
    journal.push({ kind: "ack", id: write.id, token: "" });
  }
  // What autovacuum would do within a minute.
  await withClient(database.owner, (client) => client.query("ANALYZE relata.tuple, relata.revision"));
}

function startClients(
  { nodes }: MoveFleet,
  { seed, pauseMs }: MovePlan,
  records: Records,
  signal: AbortSignal,
): readonly Promise<void>[] {
  const pace = { pauseMs, staleMs: 2 * nodes[0].server.config.maxStalenessMs };
  const share = (at: number) => ({ records, pace, random: createRandom(seed + at) });
  return [
    ...WRITERS.map((writer, at) => writeUntil(signal, writer, { nodes, ...share(at) })),
    ...nodes.flatMap((node, index) =>
      Array.from({ length: READERS_A_NODE }, (_, at) => readUntil(signal, node, share(100 + 10 * index + at))),
    ),
  ];
}

/** Everybody gets answers. */
async function underWay({ done }: Records): Promise<void> {
  const from = done.length;
  await waitFor("reads from both nodes, and writes", () => {
    const since = done.slice(from);
    return (
      ["prompt", "late"].every(
        (name) => since.filter(({ node, kind }) => node === name && kind === "read").length > 4,
      ) && since.filter(({ kind }) => kind === "write").length > 4
    );
  });
}

/** The late node goes deaf before the tenant gets its new address, and hears again `lateMs` after that. */
async function moveUnderFire(
  fleet: MoveFleet,
  plan: MovePlan,
  random: Random,
): Promise<{
  killed: readonly JobStage[];
  flippedAtMs: number;
  heardAtMs: number;
  stages: readonly { stage: JobStage; atMs: number }[];
}> {
  const { database, tenant, settleMs } = fleet;
  const store = await createPostgresStore({ connection: database.app, maintenance: database.maintenance });
  let mover = startMover(database, tenant.id, settleMs);
  const killed: JobStage[] = [];
  const left = new Set(plan.kills);
  const stages: { stage: JobStage; atMs: number }[] = [];
  let flippedAtMs = 0;
  let heardAtMs = 0;
  let lateness: Promise<void> | undefined;
  const atStage = (stage: JobStage): boolean => {
    stages.push({ stage, atMs: performance.now() });
    const isFlipAhead = stage === "follow" && !left.has(stage);
    if ((isFlipAhead || stage === "mirror") && lateness === undefined) {
      if (plan.lateMs !== undefined) fleet.deafen();
      lateness = waitFor("the flip", async () => ((await store.tenants.byId(tenant.id))?.bucket ?? 0) >= 1000)
        .then(() => {
          flippedAtMs = performance.now();
          return sleep(plan.lateMs ?? 0);
        })
        .finally(() => {
          heardAtMs = performance.now();
          fleet.hear();
        });
    }
    return left.has(stage);
  };
  try {
    await store.life.beginMove(tenant.id, "own", ORIGIN);
    for (;;) {
      const stage = await mover.runUntil(atStage);
      if (stage === "done") break;
      left.delete(stage);
      killed.push(stage);
      const next = startMover(database, tenant.id, settleMs);
      mover.goOn();
      await sleep(random.below(KILL_WITHIN_MS));
      await mover.kill();
      mover = next;
    }
    await lateness;
    return { killed, flippedAtMs, heardAtMs, stages };
  } finally {
    fleet.hear();
    await mover.kill();
    await lateness?.catch(() => {});
    await store.close();
  }
}
