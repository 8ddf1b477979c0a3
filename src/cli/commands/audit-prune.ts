import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import { DATABASE_URL_HELP, type RetentionOptions, withRetention } from "../audit/open-retention.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { configFlags } from "../config-flags.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { parseSince } from "../instant-flag.ts";
import { json, line } from "../output.ts";

interface Options extends RetentionOptions {
  readonly before: Timestamp;
  readonly what: "events" | "decisions" | "all";
  readonly json?: boolean;
}

export function registerAuditPrune(parent: Command, shell: Shell): void {
  const { now } = shell.context;
  const command = leaf(
    parent,
    "prune",
    "drop the months of the record that were kept long enough, on the database itself",
  )
    .requiredOption(
      "--before <time>",
      "months that ended by then: 2026-01-01T00:00:00Z, or 400d for that long ago",
      (text) => parseSince(text, "--before", now()),
    )
    .addOption(
      new Option("--what <what>", "of events, of decisions, or of both")
        .choices(["events", "decisions", "all"])
        .default("all"),
    )
    .option("--database-url <url>", DATABASE_URL_HELP)
    .addHelpText(
      "after",
      "\nThe running month stays. Each chain that loses its beginning gets an event audit.pruned, and can be proved from there on.\nRunning it again is safe.\n\nExample:\n  relata audit prune --before 400d --what events && relata audit prune --before 90d --what decisions",
    );
  runs<[], Options>(configFlags(command), shell, prune);
}

async function prune(context: CliContext, options: Options): Promise<ExitCode> {
  const { before, what } = options;
  const dropped: string[] = [];
  await withRetention(context, options, async (retention, by) => {
    const onMonth = (partition: string) => {
      dropped.push(partition);
      if (options.json !== true) line(context.stdout, `dropped ${partition}`);
    };
    for (const kind of what === "all" ? (["events", "decisions"] as const) : [what])
      await retention.prune(kind, timestampMs(before), by, onMonth);
  });
  if (options.json === true) json(context, { dropped });
  else if (dropped.length === 0) line(context.stdout, "nothing to do: no month has been kept that long");
  return EXIT.ok;
}
