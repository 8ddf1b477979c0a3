import type { Command } from "commander";
import { CallError } from "../../client/call-error.ts";
import type { RelataClient } from "../../client/relata-client.ts";
import { eventLine } from "../audit/export-file.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags, parseCount } from "../connection.ts";
import type { CliContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { count } from "../output.ts";
import { runExport } from "../run-export.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly out?: string;
  readonly from?: number;
  readonly to?: number;
  readonly json?: boolean;
}

interface Exported {
  readonly events: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export function registerAuditExport(parent: Command, shell: Shell): void {
  const seq = (flag: string) => (text: string) => parseCount(text, flag, 1, Number.MAX_SAFE_INTEGER);
  const command = leaf(
    parent,
    "export",
    "write events with the bytes they are sealed by, oldest first, a JSON object a line",
  )
    .option("--out <file>", "into this file, mode 0600, which is there once it is whole (default: stdout)")
    .option("--from <seq>", "begin with this event (default: the oldest that is kept)", seq("--from"))
    .option("--to <seq>", "end with this event (default: the newest)", seq("--to"))
    .addHelpText(
      "after",
      "\nThe events name persons: keep the file as you keep the database.\n\nExample:\n  relata audit export --out record.jsonl && relata audit verify record.jsonl",
    );
  runs<[], Options>(connectionFlags(command), shell, run);
}

function run(context: CliContext, options: Options): Promise<ExitCode> {
  return runExport(
    context,
    options,
    (write) => withClient(context, options, (client) => exportEvents(client, options, write)),
    (done) => `${count(done.events, "event")}${range(done)}`,
  );
}

/** In as many calls as the time of one makes it: the next begins behind what has come. */
async function exportEvents(
  client: RelataClient,
  { from = 0, to = 0 }: Options,
  write: (text: string) => Promise<void>,
): Promise<Exported> {
  let [events, firstSeq, lastSeq] = [0, 0, 0];
  for (;;) {
    const before = events;
    try {
      const fromSeq = BigInt(lastSeq === 0 ? from : lastSeq + 1);
      for await (const batch of client.audit.export({ fromSeq, toSeq: BigInt(to) })) {
        await write(batch.events.map(eventLine).join(""));
        events += batch.events.length;
        firstSeq ||= Number(batch.events[0]?.seq ?? 0n);
        lastSeq = Number(batch.events.at(-1)?.seq ?? lastSeq);
      }
      return { events, firstSeq, lastSeq };
    } catch (error) {
      const isTimeUp = error instanceof CallError && error.codeName === "DEADLINE_EXCEEDED";
      if (!isTimeUp || events === before) throw error;
      if (to !== 0 && lastSeq >= to) return { events, firstSeq, lastSeq };
    }
  }
}

function range({ events, firstSeq, lastSeq }: Exported): string {
  return events === 0 ? "" : ` (${firstSeq} to ${lastSeq})`;
}
