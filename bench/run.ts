// npm run bench -- growth [part of a case's name]
// npm run bench -- lookup [tuples] [results]
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
    console.error("usage: npm run bench -- growth [part of a case's name] | lookup [tuples] [results]");
    process.exitCode = 2;
}
