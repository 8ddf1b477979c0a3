// One graph after the other, each asked one question for a while. By the CPU time of the thread, so that an answer of milliseconds is
// not what other programs make of it. In a process of its own with a young generation of 64 MB, so that what a question allocates
// can be told by how full the heap is behind it: no collection comes in between.

import { planOf } from "../compiled.ts";
import { SCHEMA } from "../growth/graphs.ts";
import { createWorld, UNLIMITED_WORK } from "../growth/world.ts";
import { answerParent } from "../load/child.ts";
import { median } from "../load/median.ts";
import type { CostPoint } from "../report/plots.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import { allocatedByEach } from "./allocations.ts";
import { CURVE_CASES, type CurveCase } from "./curve-cases.ts";
import { FIRST_HEAD, fillGraph } from "./fill-graph.ts";
import { tenantsCheck, tenantsWork } from "./resident-check.ts";
import { openThreadClock } from "./thread-clock.ts";
import { summarize } from "./time-checks.ts";
import { type ScanRound, timeScans } from "./time-scans.ts";

export type CurveOrder =
  | { readonly what: "point"; readonly name: string; readonly n: number; readonly pointMs: number }
  | { readonly what: "scan"; readonly rows: number; readonly rounds: number };

type TimedPoint = CostPoint & { readonly calls: number };

export interface CurveAnswer {
  readonly point?: TimedPoint;
  readonly scans?: readonly ScanRound[];
}

/** Of the time of a point, for compiling. */
const WARM_SHARE = 0.3;
const LEAST_CALLS = 10;
/** Of fewer, the p99 is the slowest or the one before it. */
const P99_CALLS = 200;
const threadCpuMs = openThreadClock();

async function answer(order: CurveOrder): Promise<CurveAnswer> {
  if (order.what === "scan") return { scans: timeScans(order.rows, order.rounds) };
  const found = CURVE_CASES.find(({ name }) => name === order.name);
  if (found === undefined) throw new Error(`there is no curve ${order.name}`);
  return { point: await point(found, order.n, order.pointMs) };
}

interface Asked extends AsyncDisposable {
  /** How many results there are. */
  readonly ask: () => number | Promise<number>;
  readonly work?: { readonly nodes: number; readonly rows: number };
}

async function point(of: CurveCase, n: number, pointMs: number): Promise<TimedPoint> {
  await using asked = of.ask === "check" ? prepareCheck(of, n) : await prepareLookup(of, of.ask, n);
  const ask = async () => {
    const results = await asked.ask();
    if (results === of.expected(n)) return;
    throw new Error(`wrong answer: ${of.what}, ${n}: ${results} results, not ${of.expected(n)}`);
  };
  await timeFor(ask, pointMs * WARM_SHARE);
  const { calls, medianUs, p99Us } = summarize(await timeFor(ask, pointMs));
  const allocated = await allocatedByEach(ask);
  return {
    x: n,
    calls,
    medianUs,
    ...(calls >= P99_CALLS && { p99Us }),
    ...asked.work,
    ...(allocated !== undefined && { allocatedBytes: allocated }),
  };
}

function prepareCheck({ graph: tuplesOf, expected }: CurveCase, n: number): Asked {
  const { graph } = fillGraph(tuplesOf(n));
  const plan = planOf(SCHEMA);
  const asked: KnownQuestion = {
    question: {
      object: { type: "document", id: "d" },
      member: "view",
      subject: { type: "user", id: "anne", relation: "" },
    },
    allowed: expected(n) > 0,
    kind: "anne",
  };
  const check = tenantsCheck(plan, [graph], FIRST_HEAD.revision, UNLIMITED_WORK);
  return {
    ask: () => (check(asked) ? 1 : 0),
    work: { ...tenantsWork(plan, [graph], FIRST_HEAD.revision, UNLIMITED_WORK)(asked) },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function prepareLookup({ graph }: CurveCase, ask: Exclude<CurveCase["ask"], "check">, n: number): Promise<Asked> {
  const world = await createWorld(SCHEMA, graph(n), { isResident: true });
  return {
    ask: async () => (await ask(world, n)).results,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

/** Milliseconds of CPU time, without what looking at that clock takes. */
async function timeFor(ask: () => Promise<unknown>, durationMs: number): Promise<Float64Array> {
  const millis: number[] = [];
  const begin = performance.now();
  while (millis.length < LEAST_CALLS || performance.now() - begin < durationMs) {
    const askedAt = threadCpuMs();
    await ask();
    millis.push(threadCpuMs() - askedAt);
  }
  const looks: number[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    const lookedAt = threadCpuMs();
    looks.push(threadCpuMs() - lookedAt);
  }
  const lookMs = median(looks);
  return Float64Array.from(millis, (ms) => Math.max(0, ms - lookMs));
}

const LOOKS = 100;

answerParent(answer, () => undefined);
