import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { allPages } from "../credentials/pages.ts";
import { REVOCATION_HEADINGS, revocationRow, revocationToJson } from "../credentials/revocation-text.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly json?: boolean;
}

export function registerJwtList(parent: Command, shell: Shell): void {
  const command = leaf(parent, "list", "list the revocations whose tokens may not have expired yet");
  runs<[], Options>(connectionFlags(command), shell, list);
}

async function list(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const rows = [REVOCATION_HEADINGS];
    const revocations = allPages(async (page) => {
      const answer = await client.credentials.listRevocations(page);
      return { entries: answer.revocations, nextPageToken: answer.nextPageToken };
    });
    for await (const revocation of revocations) {
      if (options.json === true) json(context, revocationToJson(revocation));
      else rows.push([...revocationRow(revocation)]);
    }
    if (options.json !== true) line(context.stdout, table(rows));
    return EXIT.ok;
  });
}
