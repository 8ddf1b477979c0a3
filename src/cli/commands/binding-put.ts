import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { bindingToJson } from "../credentials/binding-text.ts";
import { type GrantOptions, grantFlags, parseList } from "../credentials/grant-flags.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions, GrantOptions {
  readonly tenants?: readonly string[];
  readonly platform?: boolean;
  readonly name?: string;
  readonly json?: boolean;
}

export function registerBindingPut(parent: Command, shell: Shell): void {
  const command = grantFlags(
    leaf(parent, "put", "make or replace a binding: an issuer's subject may act in tenants")
      .argument("<issuer>", "the exact iss of its tokens")
      .argument("<subject>", "the exact sub, or a beginning and *: 'system:serviceaccount:prod:*'")
      .option("--tenants <slugs>", "where it may act, with commas between", (text) => parseList(text, "--tenants"))
      .option("--platform", "it acts on the tenant registry instead, in no tenant"),
  )
    .option("--name <name>", "tells bindings of one issuer and subject apart")
    .addHelpText(
      "after",
      "\nExample:\n  relata binding put https://idp.example.com backend --tenants acme --scopes check,tuples:read",
    );
  runs<[string, string], Options>(connectionFlags(command), shell, put);
}

async function put(context: CliContext, options: Options, issuer: string, subject: string): Promise<ExitCode> {
  const { tenants = [], platform = false, scopes, object = [], name = "" } = options;
  if (platform === tenants.length > 0) throw badInput("give --tenants or --platform, one of the two");
  return withClient(context, options, async (client) => {
    const { binding } = await client.credentials.putBinding({
      binding: { issuer, subject, name, tenants: [...tenants], platform, scopes: [...scopes], objects: [...object] },
    });
    if (options.json === true) json(context, bindingToJson(binding));
    else line(context.stdout, `${issuer} ${subject} is bound to ${platform ? "the platform" : tenants.join(", ")}`);
    return EXIT.ok;
  });
}
