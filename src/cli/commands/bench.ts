import { existsSync } from "node:fs";
import { extname } from "node:path";
import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import type { CliContext } from "../context.ts";
import { badInput, CliError, EXIT, type ExitCode } from "../exit.ts";
import { line } from "../output.ts";

interface Options {
  readonly quick?: boolean;
  readonly long?: boolean;
  readonly tuples?: string;
  readonly json?: string;
  readonly peer?: readonly string[];
  readonly peerTuples?: string;
  readonly peerWorkloads?: string;
  readonly peerConsistent?: boolean;
  readonly report?: string;
  readonly profile?: string | true;
  readonly times?: boolean;
  readonly all?: boolean;
  readonly anyway?: boolean;
}

/** Of bench/command.ts, which nothing of src may import: a bench imports whatever it measures. */
interface BenchModule {
  runBench(
    args: readonly string[],
    context: {
      readonly cwd: string;
      readonly databaseUrl: string | undefined;
      readonly print: (line: string) => void;
    },
  ): Promise<0 | 1>;
}

export function registerBench(parent: Command, shell: Shell): void {
  const command = leaf(parent, "bench", "measure the engine, the storage and the RPC layer on this machine")
    .argument("[layer...]", "engine, storage, rpc, peers; none: all of them; or: compare A.json B.json")
    .option("--quick", "less of everything: ends within two minutes")
    .option("--long", "ten million tuples as well")
    .option("--tuples <count>", "of the largest graph and of the tenant in Postgres")
    .option("--json <file>", "also write everything as JSON; - writes it to standard output instead of the table")
    .option("--report <directory>", "also write a page with plots, a summary in Markdown and the JSON into it")
    .option("--profile [file]", "also write a CPU profile of the server under Checks (server.cpuprofile)")
    .option(
      "--peer <name=host:port[,token]>",
      "compare with a spicedb or openfga that runs there; repeatable",
      several,
      [],
    )
    .option("--peer-tuples <count>", "of each workload that a peer is given")
    .option("--peer-workloads <names>", "which ones, with commas between")
    .option("--peer-consistent", "also ask both sides fully consistent")
    .option("--times", "compare: judge figures by a clock as well, of one machine that does nothing else")
    .option("--all", "compare: show what is unchanged or not judged, too")
    .option("--anyway", "compare: runs with other settings, too")
    .addHelpText(
      "after",
      `
Uses the bundled PostgreSQL in a directory that is removed, or a database of its own on the server at DATABASE_URL, whose role
must be allowed to make databases and roles. Every answer is compared with the one that is known to be right.
Exit code 0 when all are, 1 when one is wrong. A bound that is missed is shown and is no failure: machines differ.
compare says what is worse in report B than in report A, beyond the noise of both. Exit code 0 when nothing is, 1 when something is,
2 when the two are not of the same measurement.`,
    );
  runs<[string[]], Options>(command, shell, bench);
}

async function bench(context: CliContext, options: Options, layers: readonly string[]): Promise<ExitCode> {
  const { runBench } = await load();
  const args = [
    ...layers,
    ...(options.quick === true ? ["--quick"] : []),
    ...(options.long === true ? ["--long"] : []),
    ...(options.tuples === undefined ? [] : [`--tuples=${options.tuples}`]),
    ...(options.json === undefined ? [] : [`--json=${options.json}`]),
    ...(options.report === undefined ? [] : [`--report=${options.report}`]),
    // In two: commander takes a layer that follows it for its file, and the bench can tell which of them it is.
    ...(options.profile === undefined ? [] : ["--profile", ...(options.profile === true ? [] : [options.profile])]),
    ...(options.peer ?? []).map((peer) => `--peer=${peer}`),
    ...(options.peerTuples === undefined ? [] : [`--peer-tuples=${options.peerTuples}`]),
    ...(options.peerWorkloads === undefined ? [] : [`--peer-workloads=${options.peerWorkloads}`]),
    ...(options.peerConsistent === true ? ["--peer-consistent"] : []),
    ...(options.times === true ? ["--times"] : []),
    ...(options.all === true ? ["--all"] : []),
    ...(options.anyway === true ? ["--anyway"] : []),
  ];
  const databaseUrl = context.env["DATABASE_URL"];
  const print = (text: string) => line(context.stdout, text);
  const code = await runBench(args, { cwd: context.cwd, databaseUrl, print }).catch((error: unknown) => {
    if (!(error instanceof Error)) throw error;
    if (error.name === "UsageError") throw badInput(error.message, { hint: HELP });
    throw error.name === "PeerError" ? new CliError(EXIT.unavailable, error.message) : error;
  });
  return code === 0 ? EXIT.ok : EXIT.negative;
}

function several(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

const HELP = "See: relata bench --help";

/** From bench/ beside src/ in a clone, and inside dist/ in the package. */
async function load(): Promise<BenchModule> {
  const extension = extname(import.meta.filename);
  const up = extension === ".ts" ? "../../.." : "../..";
  const place = new URL(`${up}/bench/command${extension}`, import.meta.url);
  if (!existsSync(place))
    throw new CliError(EXIT.usage, "this installation of relata comes without its bench", {
      where: place.pathname,
      hint: "install the npm package, or run it from a clone: `npm run bench`",
    });
  return (await import(place.href)) as BenchModule;
}
