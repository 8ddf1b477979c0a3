import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly json?: boolean;
}

export function registerClientDelete(parent: Command, shell: Shell): void {
  const command = leaf(
    parent,
    "delete",
    "end a client with its secrets and refresh tokens, and within seconds its access tokens",
  ).argument("<client-id>", "`relata client list` shows it");
  runs<[string], Options>(connectionFlags(command), shell, remove);
}

async function remove(context: CliContext, options: Options, clientId: string): Promise<ExitCode> {
  return withClient(context, options, async ({ clients }) => {
    await clients.deleteClient({ clientId });
    if (options.json === true) json(context, { deleted: clientId });
    else line(context.stdout, `client ${clientId} deleted`);
    return EXIT.ok;
  });
}
