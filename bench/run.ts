// npm run bench -- [layers and options: see README.md]
// npm run bench -- report FILE.json...
// npm run bench -- compare A.json B.json
// npm run bench -- gate [--write] [--baseline FILE] [--verbose]
// npm run bench -- growth [part of a case's name]
// npm run bench -- layout [tuples]
// npm run bench -- lookup [tuples] [results]
// npm run bench -- soak [minutes]
// npm run bench -- storm [rounds] [milliseconds of a round] [part of a lane's name]
// npm run bench -- rpc tuples [rounds] [milliseconds of a round] [echo|authenticatedEcho|check and a file for its CPU profile]
import { runBench, USAGE } from "./command.ts";
import { runGate } from "./gate/gate-command.ts";
import { runGrowth } from "./growth/run-growth.ts";
import { runLayout } from "./layout/run-layout.ts";
import { runLookup } from "./lookup/run-lookup.ts";
import { PeerError } from "./peers/peer.ts";
import { redraw } from "./report/redraw.ts";
import { runRpcAlone } from "./rpc/run-alone.ts";
import { soak } from "./soak/soak-command.ts";
import { runStorm } from "./storm/run-storm.ts";
import { UsageError } from "./usage-error.ts";

const [what, ...rest] = process.argv.slice(2);
switch (what) {
  case "report":
    process.exitCode = await redraw(rest, (line) => console.log(line));
    break;
  case "gate":
    process.exitCode = await gate(rest);
    break;
  case "growth":
    process.exitCode = await runGrowth(rest[0] ?? "");
    break;
  case "layout":
    runLayout(Number(rest[0] ?? 10_000_000));
    break;
  case "lookup":
    process.exitCode = await runLookup(Number(rest[0] ?? 1_000_000), Number(rest[1] ?? 100_000));
    break;
  case "soak":
    process.exitCode = await soak(Number(rest[0] ?? 10), process.env["DATABASE_URL"], (line) => console.log(line));
    break;
  case "storm":
    process.exitCode = await runStorm(Number(rest[0] ?? 5), Number(rest[1] ?? 5_000), rest[2]);
    break;
  default:
    process.exitCode = what === "rpc" && /^\d+$/.test(rest[0] ?? "") ? await rpcAlone(rest) : await layers();
}

function layers(): Promise<number> {
  const { env } = process;
  const context = {
    cwd: process.cwd(),
    databaseUrl: env["DATABASE_URL"],
    reportDirectory: "bench-results",
    print: (line: string) => console.log(line),
  };
  return runBench(process.argv.slice(2), context).catch(refuse);
}

function gate(args: readonly string[]): Promise<number> {
  const context = { databaseUrl: process.env["DATABASE_URL"], print: (line: string) => console.log(line) };
  return runGate(args, context).catch(refuse);
}

function rpcAlone([tuples, rounds = "5", roundMs = "3000", lane, file]: readonly string[]): Promise<number> {
  return runRpcAlone({
    tuples: Number(tuples),
    rounds: Number(rounds),
    roundMs: Number(roundMs),
    ...(lane !== undefined && file !== undefined && { profile: { lane, file } }),
  });
}

function refuse(error: unknown): number {
  if (error instanceof PeerError) {
    console.error(error.message);
    return 4;
  }
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\nusage: npm run bench -- ${USAGE}`);
  console.error(
    "       npm run bench -- report FILE.json...\n" +
      "       npm run bench -- gate [--write] [--baseline FILE] [--verbose]\n" +
      "       npm run bench -- growth [part of a case's name] | layout [tuples] | lookup [tuples] [results]\n" +
      "       npm run bench -- soak [minutes] | storm [rounds] | rpc TUPLES [rounds]",
  );
  return 2;
}
