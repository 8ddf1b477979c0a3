import type { Command } from "commander";
import { formatTuple } from "../../model/tuple-text.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags, parseCount } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { type FilterOptions, filterFlags, filterOf } from "../tuple-filter.ts";
import { CONSISTENCY_HELP, parseConsistency, tupleFromWire, tupleToJson } from "../wire.ts";
import { withClient } from "../with-client.ts";

const MAX_LIMIT = 4_294_967_295;

interface Options extends ConnectionOptions, FilterOptions {
  readonly consistency?: ReturnType<typeof parseConsistency>;
  readonly limit?: number;
  readonly cursor?: string;
  readonly json?: boolean;
}

export function registerTupleRead(parent: Command, shell: Shell): void {
  const command = leaf(parent, "read", "print the tuples a filter selects, one per line, in key order")
    .option("--limit <n>", "stop after this many, and say how to go on (default: all)", (text) =>
      parseCount(text, "--limit", 1, MAX_LIMIT),
    )
    .option("--cursor <cursor>", "go on where an earlier read with the same filter stopped")
    .option("--consistency <mode>", `how fresh the tuples must be: ${CONSISTENCY_HELP}`, parseConsistency)
    .addHelpText(
      "after",
      "\nWith --json each line is a tuple as the API's JSON, which `relata tuple import` reads.\nWith --limit the cursor of the next page is on stderr.\n\nExample:\n  relata tuple read --object-type document --subject-type user --subject-id anne",
    );
  runs<[], Options>(connectionFlags(filterFlags(command)), shell, read);
}

async function read(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const answers = client.tuples.read({
      filter: filterOf(options),
      limit: options.limit ?? 0,
      cursor: options.cursor ?? "",
      ...(options.consistency !== undefined && { consistency: options.consistency }),
    });
    let seen = 0;
    let cursor = "";
    for await (const { tuple, cursor: after } of answers) {
      if (tuple === undefined) continue;
      seen += 1;
      cursor = after;
      if (options.json === true) json(context, tupleToJson(tuple));
      else line(context.stdout, formatTuple(tupleFromWire(tuple)));
    }
    if (options.limit !== undefined && seen === options.limit) nextPage(context, options, cursor);
    return EXIT.ok;
  });
}

function nextPage(context: CliContext, options: Options, cursor: string): void {
  if (options.json === true) context.stderr.write(`${JSON.stringify({ cursor })}\n`);
  else line(context.stderr, `stopped after ${options.limit}; go on with --cursor ${cursor}`);
}
