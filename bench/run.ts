// npm run bench -- [layers and options: see README.md]
// npm run bench -- growth [part of a case's name]
// npm run bench -- lookup [tuples] [results]
import { runBench, USAGE, UsageError } from "./command.ts";
import { runGrowth } from "./growth/run-growth.ts";
import { runLookup } from "./lookup/run-lookup.ts";

const [what, ...rest] = process.argv.slice(2);
switch (what) {
  case "growth":
    process.exitCode = await runGrowth(rest[0] ?? "");
    break;
  case "lookup":
    process.exitCode = await runLookup(Number(rest[0] ?? 1_000_000), Number(rest[1] ?? 100_000));
    break;
  default:
    process.exitCode = await runBench(process.argv.slice(2), { cwd: process.cwd(), print: console.log }).catch(refuse);
}

function refuse(error: unknown): number {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\nusage: npm run bench -- ${USAGE}`);
  console.error("       npm run bench -- growth [part of a case's name] | lookup [tuples] [results]");
  return 2;
}
