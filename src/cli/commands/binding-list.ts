import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { BINDING_HEADINGS, bindingRow, bindingToJson } from "../credentials/binding-text.ts";
import { allPages } from "../credentials/pages.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly issuer?: string;
  readonly json?: boolean;
}

export function registerBindingList(parent: Command, shell: Shell): void {
  const command = leaf(parent, "list", "list the bindings in the database; those of the configuration are not in it");
  command.option("--issuer <issuer>", "of this issuer only");
  runs<[], Options>(connectionFlags(command), shell, list);
}

async function list(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const rows = [BINDING_HEADINGS];
    const bindings = allPages(async (page) => {
      const answer = await client.credentials.listBindings({ ...page, issuer: options.issuer ?? "" });
      return { entries: answer.bindings, nextPageToken: answer.nextPageToken };
    });
    for await (const binding of bindings) {
      if (options.json === true) json(context, bindingToJson(binding));
      else rows.push([...bindingRow(binding)]);
    }
    if (options.json !== true) line(context.stdout, table(rows));
    return EXIT.ok;
  });
}
