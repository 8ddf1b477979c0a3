import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { KEY_HEADINGS, keyRow, keyToJson } from "../credentials/client-text.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

export function registerKeysList(parent: Command, shell: Shell): void {
  const command = leaf(parent, "list", "list the signing keys, newest first").option(
    "--all",
    "those that are out of the key set too",
  );
  runs<[], Options>(connectionFlags(command), shell, list);
}

async function list(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async ({ clients }) => {
    const { keys } = await clients.listSigningKeys({});
    const rows = keys
      .map((key) => ({ key, row: keyRow(key) }))
      .filter(({ row }) => options.all === true || row[1] !== "gone");
    if (options.json === true) for (const { key } of rows) json(context, keyToJson(key));
    else line(context.stdout, table([KEY_HEADINGS, ...rows.map(({ row }) => [...row])]));
    return EXIT.ok;
  });
}
