import { openDatabase } from "../database/open-database.ts";
import { runSoak } from "./run-soak.ts";

const BIG_TUPLES = 5_000_000;
const SMALL_TENANTS = 2_000;
const MAX_SHOWN = 20;

/** Prints a line every half minute, and what went wrong. @returns the exit code */
export async function soak(
  minutes: number,
  databaseUrl: string | undefined,
  print: (line: string) => void,
): Promise<0 | 1> {
  await using database = await openDatabase(databaseUrl);
  const { counts, trend, problems } = await runSoak({
    database,
    bigTuples: BIG_TUPLES,
    smallTenants: SMALL_TENANTS,
    durationMs: minutes * 60_000,
    sampleMs: 1_000,
    printMs: 30_000,
    doctored: false,
    residencyOptions: {},
    print,
  });
  const mib = (bytes: number) => (bytes / 1024 ** 2).toFixed(1);
  if (trend !== undefined)
    print(
      `behind the warm-up memory rose by ${mib(trend.riseBytes)} MiB; up to ${mib(trend.allowedBytes)} MiB count as none`,
    );
  for (const problem of problems.slice(0, MAX_SHOWN)) print(`problem: ${problem}`);
  print(`${counts.checks} checks, ${counts.writes} writes, ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}
