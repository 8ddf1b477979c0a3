// npm run bench -- growth [part of a case's name]
// npm run bench -- lookup [tuples] [results]
// npm run bench -- rpc [tuples] [rounds] [milliseconds of a round] [echo|authenticatedEcho|check and a file for its CPU profile]
import { runGrowth } from "./growth/run-growth.ts";
import { runLookup } from "./lookup/run-lookup.ts";
import { runRpcAlone } from "./rpc/run-alone.ts";

const [what, ...rest] = process.argv.slice(2);
switch (what) {
  case "growth":
    process.exitCode = await runGrowth(rest[0] ?? "");
    break;
  case "lookup":
    process.exitCode = await runLookup(Number(rest[0] ?? 1_000_000), Number(rest[1] ?? 100_000));
    break;
  case "rpc": {
    const [tuples = "1000000", rounds = "5", roundMs = "3000", lane, file] = rest;
    process.exitCode = await runRpcAlone({
      tuples: Number(tuples),
      rounds: Number(rounds),
      roundMs: Number(roundMs),
      ...(lane !== undefined && file !== undefined && { profile: { lane, file } }),
    });
    break;
  }
  default:
    console.error(
      "usage: npm run bench -- growth [part of a case's name] | lookup [tuples] [results] | rpc [tuples] [rounds] [ms]",
    );
    process.exitCode = 2;
}
