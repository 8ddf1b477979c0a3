import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly name?: string;
  readonly json?: boolean;
}

export function registerBindingDelete(parent: Command, shell: Shell): void {
  const command = leaf(parent, "delete", "take a binding back; its tokens are refused within the bound")
    .argument("<issuer>", "as it was put")
    .argument("<subject>", "as it was put, with its * where it has one")
    .option("--name <name>", "as it was put");
  runs<[string, string], Options>(connectionFlags(command), shell, remove);
}

async function remove(context: CliContext, options: Options, issuer: string, subject: string): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const name = options.name ?? "";
    await client.credentials.deleteBinding({ issuer, subject, name });
    if (options.json === true) json(context, { deleted: { issuer, subject, name } });
    else line(context.stdout, `${issuer} ${subject} is no longer bound${name === "" ? "" : ` as ${name}`}`);
    return EXIT.ok;
  });
}
