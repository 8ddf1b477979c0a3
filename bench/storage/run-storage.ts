import { join } from "node:path";
import { type BenchTenant, makeTenant } from "../database/bench-tenant.ts";
import type { BenchWorld } from "../database/bench-world.ts";
import type { LayerOptions } from "../layer-options.ts";
import { startChild } from "../load/child.ts";
import { median } from "../load/median.ts";
import type { LayerReport } from "../report/report.ts";
import { timeAgainstBare } from "./against-bare.ts";
import type { FillAnswer, FillOrder } from "./fill-process.ts";
import { timeStatements } from "./statements.ts";
import { type FillFigures, fillRows, statementRows, storageFigures, storagePlots } from "./storage-figures.ts";

const MOST_FILLS = 3;
const LARGE_TENANT = "large";
const QUESTIONS = 10_000;

/** What the database and the way from it into memory cost. */
export async function runStorageLayer(options: LayerOptions & { readonly world: BenchWorld }): Promise<LayerReport> {
  const { world, rounds, roundMs, print } = options;
  const database = await world.database();
  const main = await world.tenant();
  const fills = [await fill(options, main, Math.min(rounds, MOST_FILLS))];
  if (options.largeTenantTuples !== undefined)
    fills.push(await fill(options, await makeTenant(database, LARGE_TENANT, options.largeTenantTuples, 1), 1));
  const { tenant, work } = main;
  const input = { connection: database.app, tenant, work };
  const against = await timeAgainstBare({ ...input, rounds, durationMs: roundMs / 5 });
  const statements = await timeStatements({ ...input, durationMs: roundMs / 2 });
  print(
    `storage: ${against.pointReads16.perSecond.toFixed(0)} reads/s, ${statements.write.perSecond.toFixed(0)} writes/s`,
  );
  const largest = fills.at(-1) as FillFigures;
  return {
    name: "storage",
    details: { fills, statements: { ...statements, ...against } },
    ratios: {},
    headlines: {
      fill_tuples_per_second: largest.perSecond,
      // Of the whole process that filled itself from Postgres.
      storage_bytes_per_tuple: Math.max(largest.bytesPerTuple.rss, largest.bytesPerTuple.graph),
    },
    rows: [...fills.flatMap(fillRows), ...statementRows({ ...statements, ...against })],
    figures: storageFigures(fills, against, options.tenantTuples),
    plots: storagePlots(fills, against),
    answers: { compared: fills.length * QUESTIONS + against.compared, wrong: fills.flatMap(({ wrong }) => wrong) },
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
    fillVsBareRead: found.map(({ seconds, bareReadSeconds }) => bareReadSeconds / seconds),
    bareReadPerSecond: of(({ tuples, bareReadSeconds }) => tuples / bareReadSeconds),
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
