// The same questions by the same engine twice: over a graph in memory, and over Postgres with nothing in between.
import type { ClientConfig } from "pg";
import { RelataError } from "../../src/errors.ts";
import type { Store } from "../../src/model/store.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { decide } from "../../src/service/decide.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { planOf } from "../compiled.ts";
import { answerParent } from "../load/child.ts";
import { type DocumentsWorkload, documents } from "../workloads/documents.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import { FIRST_HEAD, fillGraph } from "./fill-graph.ts";
import { LIMITS, NO_CONTEXT, type ResidentCheck, residentCheck } from "./resident-check.ts";
import { slowed } from "./slowed.ts";
import { type Latencies, summarize, type Throughput, timeAll, wrongAnswer } from "./time-checks.ts";

export type SqlOrder =
  | {
      readonly what: "start";
      /** As the application role. */
      readonly connection: ClientConfig;
      readonly tenant: TenantPlace;
      /** That the tenant has. */
      readonly tuples: number;
      readonly slowSolver: number;
      readonly questions: readonly KnownQuestion[];
    }
  | { readonly what: "round"; readonly durationMs: number }
  | { readonly what: "count" };

export interface SqlAnswer {
  readonly round?: SqlRound;
  readonly counted?: SqlWork;
}

/** Of one Check over Postgres, on average over the first questions. */
export interface SqlWork {
  /** Round trips. */
  readonly rounds: number;
  readonly rows: number;
  readonly nodes: number;
}

export interface SqlRound {
  readonly resident: Throughput;
  /** One question after the other. */
  readonly sequential: SqlThroughput;
  readonly inFlight: SqlThroughput;
}

export interface SqlThroughput extends Latencies {
  readonly perSecond: number;
}

/** As many as keep the connections busy. */
const IN_FLIGHT = 16;
/** All kinds of questions are among the first so many. */
const COUNTED = 200;

interface Started {
  readonly store: Store;
  readonly resident: ResidentCheck;
  readonly bySql: (asked: KnownQuestion) => Promise<{ readonly allowed: boolean; readonly work: SqlWork }>;
  readonly questions: readonly KnownQuestion[];
  /** Where each lane goes on in its next round: one over Postgres gets through a part of the questions only. */
  readonly next: { resident: number; sequential: number; inFlight: number };
}

let started: Started | undefined;

async function answer(order: SqlOrder): Promise<SqlAnswer> {
  if (order.what === "start") {
    started = await start(order);
    return {};
  }
  if (started === undefined) throw new Error("nothing has been started yet");
  if (order.what === "count") return { counted: await count(started) };
  const { resident, bySql, questions, next } = started;
  const { durationMs } = order;
  const round = {
    resident: timeAll(resident, questions, durationMs, next.resident),
    sequential: await timeSql({ bySql, questions, durationMs, inFlight: 1, first: next.sequential }),
    inFlight: await timeSql({ bySql, questions, durationMs, inFlight: IN_FLIGHT, first: next.inFlight }),
  };
  next.resident += round.resident.calls;
  next.sequential += round.sequential.calls;
  next.inFlight += round.inFlight.calls;
  return { round };
}

async function count({ bySql, questions }: Started): Promise<SqlWork> {
  const counted = questions.slice(0, COUNTED);
  const works: SqlWork[] = [];
  for (const asked of counted) works.push((await bySql(asked)).work);
  const average = (of: (work: SqlWork) => number) => works.reduce((sum, work) => sum + of(work), 0) / works.length;
  return {
    rounds: average(({ rounds }) => rounds),
    rows: average(({ rows }) => rows),
    nodes: average(({ nodes }) => nodes),
  };
}

async function start({
  connection,
  tenant,
  tuples,
  slowSolver,
  questions,
}: Extract<SqlOrder, { what: "start" }>): Promise<Started> {
  const store = await createPostgresStore({ connection });
  const work: DocumentsWorkload = documents(tuples);
  const plan = planOf(work.schema);
  const { revision } = await store.revisions.head(tenant);
  const { graph } = fillGraph(work.generate());
  const source = store.tuples.source(tenant, revision);
  const bySql = async ({ question }: KnownQuestion) => {
    const options = { nowMs: Date.now(), limits: LIMITS, signal: NEVER };
    const { outcomes, work } = await decide(plan, [{ question, context: NO_CONTEXT }], source, options);
    const [outcome] = outcomes;
    if (outcome === undefined || outcome instanceof RelataError) throw outcome ?? new Error("no outcome");
    return { allowed: outcome.decision.kind === "allowed", work };
  };
  const resident = slowed(residentCheck(plan, graph, FIRST_HEAD.revision), slowSolver);
  return { store, resident, bySql, questions, next: { resident: 0, sequential: 0, inFlight: 0 } };
}

const NEVER = new AbortController().signal;

interface SqlLane extends Pick<Started, "bySql" | "questions"> {
  readonly durationMs: number;
  readonly inFlight: number;
  readonly first: number;
}

/** Throws on a wrong answer. */
async function timeSql({ bySql, questions, durationMs, inFlight, first }: SqlLane): Promise<SqlThroughput> {
  const millis: number[] = [];
  const begin = performance.now();
  let next = first;
  const ask = async () => {
    while (performance.now() - begin < durationMs) {
      const asked = questions[next++ % questions.length] as KnownQuestion;
      const askedAt = performance.now();
      const { allowed } = await bySql(asked);
      millis.push(performance.now() - askedAt);
      if (allowed !== asked.allowed) throw wrongAnswer(asked);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, ask));
  const perSecond = millis.length / ((performance.now() - begin) / 1000);
  return { ...summarize(Float64Array.from(millis)), perSecond };
}

answerParent(answer, () => started?.store.close());
