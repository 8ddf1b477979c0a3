// Fills memory from Postgres once, in a process of its own, so that what it grows by is that tenant's.
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ClientConfig } from "pg";
import { createResidency, type OwnedResidency } from "../../src/graph/residency.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import type { Store } from "../../src/model/store.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { planOf } from "../compiled.ts";
import { residentCheck } from "../engine/resident-check.ts";
import { wrongAnswers } from "../engine/time-checks.ts";
import { readAllBare } from "../limits/bare-sql.ts";
import { answerParent } from "../load/child.ts";
import type { KnownQuestion } from "../workloads/workload.ts";

export interface FillOrder {
  /** As the application role. */
  readonly connection: ClientConfig;
  readonly tenant: TenantPlace;
  readonly schema: string;
  readonly questions: readonly KnownQuestion[];
}

export interface FillAnswer {
  readonly tuples: number;
  /** From the first request about the tenant until it was answered from memory. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly graphBytes: number;
  /** By how much the process grew, driver and all, after a collection before and behind. */
  readonly rssBytes: number;
  readonly longestSliceMs: number;
  /** How long the driver takes for the same rows when it throws them away: once before the fill and once behind, and the mean. */
  readonly bareReadSeconds: number;
  readonly wrong: readonly KnownQuestion[];
}

const TIMEOUT_MS = 1_800_000;

let store: Store | undefined;
let residency: OwnedResidency | undefined;

async function fill({ connection, tenant, schema, questions }: FillOrder): Promise<FillAnswer> {
  store = await createPostgresStore({ connection });
  const options = { budgetBytes: 8 * 1024 ** 3 };
  residency = createResidency({ store, log: SILENT_LOGGER, monotonic: () => performance.now(), options });
  // What the fill reads is in Postgres's memory by then.
  const bareBefore = await bareRead(connection, tenant);
  collectGarbage();
  const rssBefore = process.memoryUsage.rss();
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  const resident = await untilResident(residency, tenant);
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  collectGarbage();
  const rssBytes = process.memoryUsage.rss() - rssBefore;
  const stats = residency.stats();
  const [held] = stats.tenants;
  const now = required(residentAt(residency, tenant) ?? resident);
  return {
    tuples: held?.tuples ?? 0,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    graphBytes: held?.bytes ?? 0,
    rssBytes,
    longestSliceMs: stats.tail.longestSliceMs,
    bareReadSeconds: (bareBefore + (await bareRead(connection, tenant))) / 2,
    wrong: wrongAnswers(residentCheck(planOf(schema), now.graph, now.revision), questions),
  };
}

async function bareRead(connection: ClientConfig, tenant: TenantPlace): Promise<number> {
  const begin = performance.now();
  await readAllBare(connection, tenant);
  return (performance.now() - begin) / 1000;
}

async function untilResident(held: OwnedResidency, tenant: TenantPlace) {
  const until = performance.now() + TIMEOUT_MS;
  for (;;) {
    const resident = residentAt(held, tenant);
    if (resident !== undefined) return resident;
    if (performance.now() > until) throw new Error("the tenant has not become resident");
    await setTimeout(2);
  }
}

function residentAt(held: OwnedResidency, tenant: TenantPlace) {
  const holding = held.of(tenant);
  const revision = holding.applied?.revision;
  const graph = revision === undefined ? undefined : holding.graphAt(revision);
  return revision === undefined || graph === undefined ? undefined : { graph, revision };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the tenant has left memory again");
  return value;
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
}

answerParent(fill, async () => {
  await residency?.close();
  await store?.close();
});
