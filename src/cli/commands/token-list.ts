import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { allPages } from "../credentials/pages.ts";
import { TOKEN_HEADINGS, tokenRow, tokenToJson } from "../credentials/token-text.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

export function registerTokenList(parent: Command, shell: Shell): void {
  const command = leaf(parent, "list", "list the tenant's API tokens, newest first, without their secrets").option(
    "--all",
    "expired and revoked ones too",
  );
  runs<[], Options>(connectionFlags(command), shell, list);
}

async function list(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const rows = [TOKEN_HEADINGS];
    const tokens = allPages(async (page) => {
      const answer = await client.credentials.listApiTokens({ ...page, includeInactive: options.all === true });
      return { entries: answer.tokens, nextPageToken: answer.nextPageToken };
    });
    for await (const token of tokens) {
      if (options.json === true) json(context, tokenToJson(token));
      else rows.push([...tokenRow(token)]);
    }
    if (options.json !== true) line(context.stdout, table(rows));
    return EXIT.ok;
  });
}
