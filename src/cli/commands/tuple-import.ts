import type { Command } from "commander";
import { CallError } from "../../client/call-error.ts";
import type { RelataClient } from "../../client/relata-client.ts";
import { TupleUpdate_Operation } from "../../gen/relata/v1/tuple_service_pb.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { badInput, CliError, EXIT, type ExitCode } from "../exit.ts";
import { count, json, line } from "../output.ts";
import type { Problem } from "../problem.ts";
import { type Progress, progressBar } from "../progress.ts";
import { exitOfCall, isUnreachable } from "../server-error.ts";
import { type Batch, identityOf, inBatches } from "../tuples/batches.ts";
import {
  parseFormat,
  readTuples,
  sourceOf,
  TUPLE_FORMATS,
  type TupleFormat,
  type TupleSourceFile,
} from "../tuples/read-source.ts";
import { tupleToWire } from "../wire.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly format?: TupleFormat;
  readonly json?: boolean;
}

export function registerTupleImport(parent: Command, shell: Shell): void {
  const command = leaf(parent, "import", "load tuples from files, or from stdin as -")
    .argument("<file...>", "text (one tuple per line, // comments), YAML (a relationships: block) or JSON lines")
    .option("--format <format>", `${TUPLE_FORMATS.join(", ")} (default: by the file's name, else text)`, parseFormat)
    .addHelpText(
      "after",
      "\nFiles are checked whole before anything is written. Tuples are written in batches, replacing those already\nthere, so an import that broke off can be run again.\n\nExample:\n  relata tuple import team-tuples.txt",
    );
  runs<[string[]], Options>(connectionFlags(command), shell, importFiles);
}

async function importFiles(context: CliContext, options: Options, files: readonly string[]): Promise<ExitCode> {
  const sources = files.map((file) => sourceOf(file, options.format));
  const done = await withClient(context, options, async (client) => {
    const total = await checkFiles(context, sources);
    return importAll(context, client, sources, total);
  });
  const { tuples, revisions, consistencyToken, seconds } = done;
  if (options.json === true) json(context, { imported: tuples, revisions, consistencyToken, seconds });
  else {
    const size = `${count(tuples, "tuple")} imported in ${count(revisions, "revision")}`;
    line(context.stdout, `${size}, ${seconds.toFixed(1)} s`);
  }
  return EXIT.ok;
}

async function importAll(
  context: CliContext,
  client: RelataClient,
  sources: readonly TupleSourceFile[],
  total: number | undefined,
): Promise<Done & { readonly seconds: number }> {
  const progress = progressBar(context.stderr, context.now, { label: "importing", total });
  const startedAt = context.now();
  const done: Done = { tuples: 0, revisions: 0, consistencyToken: "" };
  try {
    for (const source of sources) await importOne(context, client, source, done, progress);
  } finally {
    progress.end();
  }
  return { ...done, seconds: (context.now() - startedAt) / 1000 };
}

interface Done {
  tuples: number;
  revisions: number;
  consistencyToken: string;
}

/** How many tuples the files hold; undefined when one is stdin, which cannot be read twice. @throws CliError for bad ones. */
async function checkFiles(context: CliContext, sources: readonly TupleSourceFile[]): Promise<number | undefined> {
  let total = 0;
  const problems: Problem[] = [];
  for (const source of sources.filter(({ file }) => file !== "-")) {
    for await (const _ of readTuples(context, source, problems)) total += 1;
  }
  failOn(problems, "nothing was written");
  return sources.some(({ file }) => file === "-") ? undefined : total;
}

async function importOne(
  context: CliContext,
  client: RelataClient,
  source: TupleSourceFile,
  done: Done,
  progress: Progress,
): Promise<void> {
  const problems: Problem[] = [];
  for await (const batch of inBatches(readTuples(context, source, problems))) {
    failOn(problems, `${count(done.tuples, "tuple")} written before it`);
    const updates = batch.tuples.map(({ tuple }) => ({
      operation: TupleUpdate_Operation.TOUCH,
      tuple: tupleToWire(tuple),
    }));
    try {
      done.consistencyToken = (await client.tuples.write({ updates })).consistencyToken;
    } catch (error) {
      throw error instanceof CallError && !isUnreachable(error) ? refusedBatch(error, source, batch, done) : error;
    }
    done.tuples += batch.tuples.length;
    done.revisions += 1;
    progress.update(done.tuples);
  }
  failOn(problems, `${count(done.tuples, "tuple")} written before it`);
}

function failOn(problems: readonly Problem[], sofar: string): void {
  if (problems.length > 0)
    throw badInput(`${count(problems.length, "line")} cannot be imported; ${sofar}`, { problems });
}

/** The server refused a batch: points at the tuple it names (`updates[12].tuple`), else at the lines of the batch. */
function refusedBatch(error: CallError, source: TupleSourceFile, batch: Batch, done: Done): CliError {
  const index = /^updates\[(\d+)\]/.exec(error.metadata["field"] ?? "")?.[1];
  const named =
    index === undefined
      ? batch.tuples.find(({ tuple }) => error.message.includes(identityOf(tuple)))
      : batch.tuples[Number(index)];
  const lines = named === undefined ? `${batch.firstLine}-${batch.lastLine}` : String(named.line);
  // The field counts within a request the user never saw; the line says it better.
  const message = named === undefined ? error.message : error.message.replace(/^updates\[\d+\]\.tuple: /, "");
  return new CliError(exitOfCall(error), message, {
    where: `${source.file}:${lines}`,
    hint: `${count(done.tuples, "tuple")} written before it; once this is mended, run the import again`,
    cause: error,
  });
}
