import { join } from "node:path";
import { type BenchTenant, makeTenant } from "../database/bench-tenant.ts";
import type { BenchWorld } from "../database/bench-world.ts";
import type { LayerOptions } from "../layer-options.ts";
import { startChild } from "../load/child.ts";
import { median } from "../load/median.ts";
import type { LayerReport } from "../report/report.ts";
import type { FillAnswer, FillOrder } from "./fill-process.ts";
import { type StorageStatements, timeStatements } from "./statements.ts";

const LEAST_FILL = 200_000;
const MOST_BYTES = 100;
const MOST_FILLS = 3;
/** Below, what the process itself needs weighs more than the tuples. */
const COUNTS_FROM = 1_000_000;
const LARGE_TENANT = "large";
const QUESTIONS = 10_000;

interface FillFigures {
  readonly tuples: number;
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly bytesPerTuple: { readonly graph: number; readonly rss: number };
  readonly longestSliceMs: number;
  readonly wrong: readonly string[];
}

/** What the database and the way from it into memory cost. */
export async function runStorageLayer(options: LayerOptions & { readonly world: BenchWorld }): Promise<LayerReport> {
  const { world, rounds, roundMs, print } = options;
  const database = await world.database();
  const main = await world.tenant();
  const fills = [await fill(options, main, Math.min(rounds, MOST_FILLS))];
  if (options.largeTenantTuples !== undefined)
    fills.push(await fill(options, await makeTenant(database, LARGE_TENANT, options.largeTenantTuples, 1), 1));
  const { tenant, work } = main;
  const statements = await timeStatements({ connection: database.app, tenant, work, durationMs: roundMs });
  print(
    `storage: ${statements.pointReads16.perSecond.toFixed(0)} reads/s, ${statements.write.perSecond.toFixed(0)} writes/s`,
  );
  const largest = fills.at(-1) as FillFigures;
  return {
    name: "storage",
    details: { fills, statements },
    ratios: {},
    headlines: {
      fill_tuples_per_second: largest.perSecond,
      // Of the whole process that filled itself from Postgres.
      storage_bytes_per_tuple: Math.max(largest.bytesPerTuple.rss, largest.bytesPerTuple.graph),
    },
    rows: [...fills.flatMap(fillRows), ...statementRows(statements)],
    answers: { compared: fills.length * QUESTIONS, wrong: fills.flatMap(({ wrong }) => wrong) },
  };
}

/** Medians of several fills, each by a process that ends behind it. */
async function fill(
  { world, print }: LayerOptions & { readonly world: BenchWorld },
  { tenant, work }: BenchTenant,
  times: number,
): Promise<FillFigures> {
  const { app: connection } = await world.database();
  const found: FillAnswer[] = [];
  for (let time = 0; time < times; time += 1) {
    const child = startChild<FillOrder, FillAnswer>(join(import.meta.dirname, "fill-process.ts"));
    try {
      const questions = work.questions(QUESTIONS);
      found.push(await child.ask({ connection, tenant, schema: work.schema, questions }));
    } finally {
      await child.close();
    }
  }
  const of = (pick: (answer: FillAnswer) => number) => median(found.map(pick));
  const figures = {
    tuples: work.tuples,
    perSecond: of(({ tuples, seconds }) => tuples / seconds),
    perCpuSecond: of(({ tuples, cpuSeconds }) => tuples / cpuSeconds),
    bytesPerTuple: {
      graph: of(({ graphBytes, tuples }) => graphBytes / tuples),
      rss: of(({ rssBytes, tuples }) => rssBytes / tuples),
    },
    longestSliceMs: Math.max(...found.map(({ longestSliceMs }) => longestSliceMs)),
    wrong: found.flatMap(({ wrong }) => wrong.map((one) => JSON.stringify(one))),
  };
  const missing = found.find(({ tuples }) => tuples !== work.tuples);
  if (missing !== undefined) figures.wrong.push(`${missing.tuples} tuples in memory instead of ${work.tuples}`);
  print(`storage: ${work.tuples.toLocaleString("en-US")} tuples filled at ${figures.perSecond.toFixed(0)}/s`);
  return figures;
}

function fillRows({
  tuples,
  perSecond,
  perCpuSecond,
  bytesPerTuple,
  longestSliceMs,
}: FillFigures): LayerReport["rows"] {
  const at = `, ${tuples.toLocaleString("en-US")} tuples`;
  const counts = tuples >= COUNTS_FROM;
  return [
    {
      what: `fill from Postgres${at}`,
      value: perSecond,
      unit: "tuples/s",
      ...(counts && { bound: { least: LEAST_FILL } }),
    },
    { what: `fill, this process alone${at}`, value: perCpuSecond, unit: "tuples/s of CPU time" },
    {
      what: `growth of the process${at}`,
      value: Math.max(bytesPerTuple.rss, bytesPerTuple.graph),
      unit: "bytes/tuple",
      ...(counts && { bound: { most: MOST_BYTES } }),
    },
    { what: `longest slice of a fill${at}`, value: longestSliceMs, unit: "ms" },
  ];
}

function statementRows(found: StorageStatements): LayerReport["rows"] {
  const names = {
    pointRead: "point read",
    pointReads16: "point reads, 16 in flight",
    write: "write of 10 changes",
    writes8: "writes of 10 changes, 8 tenants",
    heads1: "head of one tenant",
    heads100: "heads of 100 tenants",
    since: "changes of one write",
  } as const satisfies Record<keyof StorageStatements, string>;
  return (Object.keys(names) as (keyof StorageStatements)[]).flatMap((key) => [
    { what: names[key], value: found[key].perSecond, unit: "/s" },
    { what: `${names[key]}, median`, value: found[key].medianUs, unit: "µs" },
    { what: `${names[key]}, p99`, value: found[key].p99Us, unit: "µs" },
  ]);
}
