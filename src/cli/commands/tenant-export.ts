import type { Command } from "commander";
import { CallError } from "../../client/call-error.ts";
import type { RelataClient } from "../../client/relata-client.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { count } from "../output.ts";
import { runExport } from "../run-export.ts";
import { tupleToJson } from "../wire.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly out?: string;
  readonly json?: boolean;
}

interface Exported {
  readonly tuples: number;
  readonly schemaVersion: number;
  readonly consistencyToken: string;
}

export function registerTenantExport(parent: Command, shell: Shell): void {
  const command = leaf(
    parent,
    "export",
    "write every tuple of the caller's tenant at one revision, a JSON object a line",
  )
    .option("--out <file>", "into this file, mode 0600, which is there once it is whole (default: stdout)")
    .addHelpText(
      "after",
      "\nNeeds a token of the tenant with tuples:read, for every type. `relata tuple import` reads the file; the schema\nof that revision comes by `relata schema pull`.\n\nExample:\n  relata tenant export --out acme.jsonl && relata schema pull --out acme.zed",
    );
  runs<[], Options>(connectionFlags(command), shell, run);
}

function run(context: CliContext, options: Options): Promise<ExitCode> {
  return runExport(
    context,
    options,
    (write) => withClient(context, options, (client) => exportAll(client, write)),
    (done) => `${count(done.tuples, "tuple")} of schema version ${done.schemaVersion}`,
  );
}

/** In as many calls as the time of one makes it, all at the revision of the first. */
async function exportAll(client: RelataClient, write: (text: string) => Promise<void>): Promise<Exported> {
  let done: Exported = { tuples: 0, schemaVersion: 0, consistencyToken: "" };
  for (let cursor = ""; ; ) {
    const before = cursor;
    try {
      for await (const page of client.tuples.export({ cursor })) {
        await write(page.tuples.map((tuple) => `${JSON.stringify(tupleToJson(tuple))}\n`).join(""));
        const { schemaVersion, consistencyToken } = page;
        done = { tuples: done.tuples + page.tuples.length, schemaVersion, consistencyToken };
        cursor = page.cursor;
      }
      return done;
    } catch (error) {
      const isTimeUp = error instanceof CallError && error.codeName === "DEADLINE_EXCEEDED";
      if (!isTimeUp || cursor === before) throw error;
    }
  }
}
