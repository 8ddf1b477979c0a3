import type { Command } from "commander";
import { TupleService, TupleUpdate_Operation } from "../../gen/relata/v1/tuple_service_pb.ts";
import { type Api, connect } from "../api.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, resolveConnection, withConnection } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { badInput, CliError, EXIT, type ExitCode } from "../exit.ts";
import { count, json, line } from "../output.ts";
import type { Problem } from "../problem.ts";
import { type Progress, progressBar } from "../progress.ts";
import { ServerError } from "../server-error.ts";
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
  runs<[string[]], Options>(withConnection(command), shell, importFiles);
}

async function importFiles(context: CliContext, options: Options, files: readonly string[]): Promise<ExitCode> {
  const connection = await resolveConnection(context, options);
  const sources = files.map((file) => sourceOf(file, options.format));
  const total = await checkFiles(context, sources);
  const progress = progressBar(context.stderr, context.now, { label: "importing", total });
  const api = connect(connection);
  const startedAt = context.now();
  const done: Done = { tuples: 0, revisions: 0, consistencyToken: "" };
  try {
    for (const source of sources) await importOne(context, api, source, done, progress);
  } finally {
    progress.end();
    api.close();
  }
  const seconds = (context.now() - startedAt) / 1000;
  if (options.json === true)
    json(context, {
      imported: done.tuples,
      revisions: done.revisions,
      consistencyToken: done.consistencyToken,
      seconds,
    });
  else
    line(
      context.stdout,
      `${count(done.tuples, "tuple")} imported in ${count(done.revisions, "revision")}, ${seconds.toFixed(1)} s`,
    );
  return EXIT.ok;
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
  api: Api,
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
      done.consistencyToken = (await api.unary(TupleService.method.write, { updates })).consistencyToken;
    } catch (error) {
      throw error instanceof ServerError ? refusedBatch(error, source, batch, done) : error;
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

/** The server refused a batch: points at the tuple it names, else at the lines of the batch. */
function refusedBatch(error: ServerError, source: TupleSourceFile, batch: Batch, done: Done): CliError {
  const named = batch.tuples.find(({ tuple }) => {
    const identity = identityOf(tuple);
    return Object.values(error.metadata).includes(identity) || error.message.includes(identity);
  });
  const lines = named === undefined ? `${batch.firstLine}-${batch.lastLine}` : String(named.line);
  return new CliError(error.exit, error.message, {
    where: `${source.file}:${lines}`,
    hint: `${count(done.tuples, "tuple")} written before it; once this is mended, run the import again`,
    cause: error,
  });
}
