import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { keyIdOf } from "../credentials/key-id.ts";
import { instant, tokenToJson } from "../credentials/token-text.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly json?: boolean;
}

export function registerTokenRevoke(parent: Command, shell: Shell): void {
  const command = leaf(parent, "revoke", "end an API token at once; again is no error").argument(
    "<key-id>",
    "the 12 characters after the token's second _, or the token itself",
  );
  runs<[string], Options>(connectionFlags(command), shell, revoke);
}

async function revoke(context: CliContext, options: Options, text: string): Promise<ExitCode> {
  const keyId = keyIdOf(text);
  return withClient(context, options, async (client) => {
    const { token } = await client.credentials.revokeApiToken({ keyId });
    if (options.json === true) json(context, tokenToJson(token));
    else line(context.stdout, `API token ${token?.keyId} revoked at ${instant(token?.revokedAt)}`);
    return EXIT.ok;
  });
}
