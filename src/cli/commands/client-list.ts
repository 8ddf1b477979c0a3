import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { CLIENT_HEADINGS, clientRow, clientToJson } from "../credentials/client-text.ts";
import { allPages } from "../credentials/pages.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly json?: boolean;
}

export function registerClientList(parent: Command, shell: Shell): void {
  const command = leaf(parent, "list", "list the tenant's clients, without their secrets");
  runs<[], Options>(connectionFlags(command), shell, list);
}

async function list(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async ({ clients }) => {
    const rows = [CLIENT_HEADINGS];
    const pages = allPages(async (page) => {
      const answer = await clients.listClients(page);
      return { entries: answer.clients, nextPageToken: answer.nextPageToken };
    });
    for await (const client of pages) {
      if (options.json === true) json(context, clientToJson(client));
      else rows.push([...clientRow(client)]);
    }
    if (options.json !== true) line(context.stdout, table(rows));
    return EXIT.ok;
  });
}
