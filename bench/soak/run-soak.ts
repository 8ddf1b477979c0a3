import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { makeTempDir } from "../../src/cli/demo/temp-dir.ts";
import { startLocalIssuer } from "../../src/cli/dev/issuer.ts";
import type { ResidencyOptions } from "../../src/graph/residency-options.ts";
import type { BenchDatabase } from "../database/open-database.ts";
import { type Child, startChild } from "../load/child.ts";
import { localTrust } from "../trusted-issuer.ts";
import { type MemoryTrend, memoryTrend } from "./growth.ts";
import { type LoadCounts, startLoad } from "./soak-load.ts";
import type { SoakOrder, SoakSight } from "./soak-process.ts";
import { makeSoakTenants, type SoakTenants } from "./soak-tenants.ts";

export interface SoakOptions {
  readonly database: BenchDatabase;
  readonly bigTuples: number;
  readonly smallTenants: number;
  readonly durationMs: number;
  readonly sampleMs: number;
  /** A line of the table so often. */
  readonly printMs: number;
  readonly doctored: boolean;
  /** Over those of the configuration: a short soak has no time for the usual pauses. */
  readonly residencyOptions: Partial<ResidencyOptions>;
  readonly print: (line: string) => void;
}

export interface SoakResult {
  readonly counts: LoadCounts;
  readonly samples: readonly SoakSample[];
  /** Undefined when the soak was too short to tell: until its caches are full every process grows. */
  readonly trend: MemoryTrend | undefined;
  /** Why it has failed; empty: it has not. */
  readonly problems: readonly string[];
}

interface SoakSample {
  readonly seconds: number;
  readonly ready: boolean;
  readonly sight: SoakSight;
}

/** What a tuple takes in memory, generously: the budget is for a fifth of the big tenant. */
const BYTES_PER_TUPLE = 80;
const BUDGET_PART = 5;
const CALLER = "soak";
const SCOPES = ["check", "tuples:write"] as const;
const LEAST_FOR_TREND_MS = 300_000;
/** A short soak of a busy machine goes on until it has shown what it is there for, at most so long. */
const PATIENCE_MS = 25_000;
const LEAST_WRITES = 6;
const MIB = 1024 ** 2;

/**
 * A budget that is never enough: a tenant five times as large, and many small ones visited in turn that do not fit together, while
 * their tuples change. Every answer is compared, readiness and memory are watched.
 */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  await using stack = new AsyncDisposableStack();
  const { database, print } = options;
  const tenants = await makeSoakTenants(database, options);
  const tuples = tenants.big.work.tuples;
  const residentBytes = Math.round((tuples * BYTES_PER_TUPLE) / BUDGET_PART);
  print(
    `one tenant of ${tuples} tuples, ${tenants.small.length} of 1000, ${(residentBytes / MIB).toFixed(1)} MiB for them`,
  );
  const directory = await makeTempDir();
  stack.defer(() => directory.remove());
  const stateFile = join(directory.path, "issuer.json");
  const issuer = await startLocalIssuer({ stateFile, port: 0, now: Date.now });
  stack.defer(() => issuer.close());
  const server: Child<SoakOrder, SoakSight> = startChild(join(import.meta.dirname, "soak-process.ts"));
  stack.defer(() => server.close());
  const slugs = [tenants.big, ...tenants.small].map(({ slug }) => slug);
  const bindings = [{ issuer: issuer.issuer, subject: CALLER, tenants: slugs, scopes: SCOPES }];
  const settings = { residentBytes, issuers: [localTrust(issuer.issuer, SCOPES)], bindings };
  const { residencyOptions } = options;
  const { grpcPort } = await server.ask({ what: "start", connection: database.app, settings, residencyOptions });
  const token = await issuer.mint(CALLER);
  return await watch(options, { tenants, server, address: `127.0.0.1:${grpcPort}`, token });
}

interface Running {
  readonly tenants: SoakTenants;
  readonly server: Child<SoakOrder, SoakSight>;
  readonly address: string;
  readonly token: string;
}

async function watch(
  { durationMs, sampleMs, printMs, doctored, print }: SoakOptions,
  { tenants, server, address, token }: Running,
): Promise<SoakResult> {
  const stopping = new AbortController();
  const { counts, ended } = startLoad({ address, token, tenants, doctored, stop: stopping.signal });
  const samples: SoakSample[] = [];
  const begin = performance.now();
  let printAtMs = 0;
  print(HEADING);
  try {
    for (
      let atMs = 0;
      atMs < (doctored || hasShown(counts, samples) ? durationMs : durationMs + PATIENCE_MS);
      atMs = performance.now() - begin
    ) {
      const sight = await server.ask({ what: "look" });
      const sample = { seconds: atMs / 1000, ready: await isReady(sight), sight };
      samples.push(sample);
      if (atMs >= printAtMs) {
        print(lineOf(sample, counts));
        printAtMs += printMs;
      }
      await setTimeout(sampleMs);
    }
  } finally {
    stopping.abort();
    await ended;
  }
  const memory = samples.map(({ seconds, sight }) => ({ seconds, bytes: sight.rssBytes }));
  const trend = durationMs < LEAST_FOR_TREND_MS ? undefined : memoryTrend(memory);
  return { counts, samples, trend, problems: problemsOf(counts, samples, trend) };
}

async function isReady({ opsPort }: SoakSight): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${opsPort}/readyz`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 200;
}

const HEADING =
  "      s   checks   writes   RSS MiB  heap MiB  tenants MiB  in memory  followed  evicted  refused  ready  wrong";

function lineOf({ seconds, ready, sight }: SoakSample, counts: LoadCounts): string {
  const { rssBytes, heapBytes, stats } = sight;
  const mib = (bytes: number) => (bytes / MIB).toFixed(1);
  const cells = [
    [seconds.toFixed(0), 7],
    [counts.checks, 9],
    [counts.writes, 9],
    [mib(rssBytes), 10],
    [mib(heapBytes), 10],
    [mib(stats.residentBytes), 13],
    [stats.resident, 11],
    [stats.followed, 10],
    [stats.evictions, 9],
    [stats.loads.refused, 9],
    [ready ? "yes" : "NO", 7],
    [counts.wrong.length, 7],
  ] as const;
  return cells.map(([cell, width]) => String(cell).padStart(width)).join("");
}

/** A soak in which the budget was enough has shown nothing. */
function hasShown({ writes }: LoadCounts, samples: readonly SoakSample[]): boolean {
  const stats = samples.at(-1)?.sight.stats;
  return stats !== undefined && stats.evictions > 0 && stats.loads.refused > 0 && writes >= LEAST_WRITES;
}

function problemsOf(counts: LoadCounts, samples: readonly SoakSample[], trend: SoakResult["trend"]): readonly string[] {
  const problems = [...counts.wrong, ...counts.failures];
  const unready = samples.filter(({ ready }) => !ready).length;
  if (unready > 0) problems.push(`not ready at ${unready} of ${samples.length} looks`);
  const over = samples.filter(({ sight: { stats } }) => stats.residentBytes > stats.budgetBytes).length;
  if (over > 0) problems.push(`over the budget at ${over} of ${samples.length} looks`);
  if (trend?.bounded === false)
    problems.push(`memory rises by ${trend.riseBytes.toFixed(0)} bytes; ${trend.allowedBytes.toFixed(0)} are allowed`);
  if (!hasShown(counts, samples)) problems.push("no tenant left memory, none was refused, or too little was written");
  return problems;
}
