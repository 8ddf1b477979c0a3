// Checks from memory, in turns with the tail that applies what another process writes: what one turn of a server's event loop
// after the other is, without transport.
import { setImmediate, setTimeout } from "node:timers/promises";
import type { ClientConfig } from "pg";
import type { Plan } from "../../src/engine/plan.ts";
import { createResidency, type OwnedResidency } from "../../src/graph/residency.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import type { Store } from "../../src/model/store.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { planOf } from "../compiled.ts";
import { answerParent } from "../load/child.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import { residentCheck } from "./resident-check.ts";
import { slowed } from "./slowed.ts";
import { openThreadClock } from "./thread-clock.ts";
import { wrongAnswer } from "./time-checks.ts";

export type ApplyOrder =
  | {
      readonly what: "start";
      /** As the application role. */
      readonly connection: ClientConfig;
      readonly tenant: TenantPlace;
      readonly schema: string;
      readonly slowSolver: number;
      readonly questions: readonly KnownQuestion[];
    }
  | { readonly what: "round"; readonly durationMs: number };

export interface ApplyRound {
  readonly calls: number;
  /** By CPU time of the process: what applying costs is in it, what other programs do is not. */
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly appliedChanges: number;
  /** Between a stretch of Checks and the next: everything else that the thread did, or that kept it. */
  readonly gapP99Ms: number;
  readonly gapMaxMs: number;
  /** The same by CPU time of the thread: what this process itself kept it with, collections included. */
  readonly gapMaxCpuMs: number;
  readonly elapsedMs: number;
  readonly stretches: number;
  /** CPU time of the thread, in all stretches and in all that lay between them. */
  readonly stretchesCpuMs: number;
  readonly gapsCpuMs: number;
  /** Since the start, fill included, as the residency says: by the wall. */
  readonly longestSliceMs: number;
}

/** Some 0.5 ms of Checks in a turn. */
const STRETCH = 64;
const LOAD_TIMEOUT_MS = 600_000;

interface Started {
  readonly store: Store;
  readonly residency: OwnedResidency;
  readonly tenant: TenantPlace;
  readonly plan: Plan;
  readonly slowSolver: number;
  readonly questions: readonly KnownQuestion[];
}

let started: Started | undefined;
const threadCpuMs = openThreadClock();

async function answer(order: ApplyOrder): Promise<ApplyRound | undefined> {
  if (order.what === "start") {
    started = await start(order);
    return undefined;
  }
  if (started === undefined) throw new Error("nothing has been started yet");
  return round(started, order.durationMs);
}

async function start({
  connection,
  tenant,
  schema,
  slowSolver,
  questions,
}: Extract<ApplyOrder, { what: "start" }>): Promise<Started> {
  const store = await createPostgresStore({ connection });
  const monotonic = () => performance.now();
  const options = { budgetBytes: 4 * 1024 ** 3 };
  const residency = createResidency({ store, log: SILENT_LOGGER, monotonic, options });
  const until = performance.now() + LOAD_TIMEOUT_MS;
  while (residentAt(residency, tenant) === undefined) {
    if (performance.now() > until) throw new Error("the tenant has not become resident");
    await setTimeout(10);
  }
  return { store, residency, tenant, plan: planOf(schema), slowSolver, questions };
}

function residentAt(residency: OwnedResidency, tenant: TenantPlace) {
  const holding = residency.of(tenant);
  const revision = holding.applied?.revision;
  const graph = revision === undefined ? undefined : holding.graphAt(revision);
  return revision === undefined || graph === undefined ? undefined : { graph, revision };
}

/** Throws on a wrong answer. */
async function round(now: Started, durationMs: number): Promise<ApplyRound> {
  const { residency, tenant, plan, slowSolver, questions } = now;
  const gaps: number[] = [];
  const appliedBefore = residency.stats().tail.appliedChanges;
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  let calls = 0;
  let stretchEnd = begin;
  const cpuBeginMs = threadCpuMs();
  let gapMaxCpuMs = 0;
  let gapsCpuMs = 0;
  while (stretchEnd - begin < durationMs) {
    const resident = residentAt(residency, tenant);
    if (resident === undefined) throw new Error("the tenant is no longer in memory");
    const check = slowed(residentCheck(plan, resident.graph, resident.revision), slowSolver);
    for (const last = calls + STRETCH; calls < last; calls += 1) {
      const asked = questions[calls % questions.length] as KnownQuestion;
      if (check(asked) !== asked.allowed) throw wrongAnswer(asked);
    }
    stretchEnd = performance.now();
    const stretchEndCpuMs = threadCpuMs();
    await setImmediate();
    const gapCpuMs = threadCpuMs() - stretchEndCpuMs;
    gaps.push(performance.now() - stretchEnd);
    gapMaxCpuMs = Math.max(gapMaxCpuMs, gapCpuMs);
    gapsCpuMs += gapCpuMs;
  }
  const elapsedMs = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpuBefore);
  const sorted = Float64Array.from(gaps).sort();
  const { tail } = residency.stats();
  return {
    calls,
    perCpuSecond: calls / ((user + system) / 1e6),
    perSecond: calls / (elapsedMs / 1000),
    appliedChanges: tail.appliedChanges - appliedBefore,
    gapP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    gapMaxMs: sorted.at(-1) ?? 0,
    gapMaxCpuMs,
    elapsedMs,
    stretches: gaps.length,
    stretchesCpuMs: threadCpuMs() - cpuBeginMs - gapsCpuMs,
    gapsCpuMs,
    longestSliceMs: tail.longestSliceMs,
  };
}

answerParent(answer, async () => {
  await started?.residency.close();
  await started?.store.close();
});
