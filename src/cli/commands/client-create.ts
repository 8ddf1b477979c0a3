import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { clientToJson, GRANTS } from "../credentials/client-text.ts";
import { type GrantOptions, grantFlags, parseList } from "../credentials/grant-flags.ts";
import { type SecretOptions, showSecret } from "../credentials/secret-output.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions, GrantOptions, SecretOptions {
  readonly grants?: readonly string[];
}

export function registerClientCreate(parent: Command, shell: Shell): void {
  const names = Object.keys(GRANTS).join(", ");
  const command = grantFlags(
    leaf(
      parent,
      "create",
      "make a client that may ask the token service for tokens, with no more rights than the caller has",
    ).argument("<name>", "what it is used for, 1 to 100 characters"),
  )
    .option(
      "--grants <grants>",
      `what it may ask with, with commas between: ${names} (default: client_credentials)`,
      parseGrants,
    )
    .option("--out <file>", "write the secret to this file, mode 0600, instead of stdout")
    .addHelpText(
      "after",
      "\nThe secret is shown once and cannot be read again.\n\nExample:\n  relata client create web --scopes check --grants exchange,refresh --out web-secret",
    );
  runs<[string], Options>(connectionFlags(command), shell, create);
}

async function create(context: CliContext, options: Options, name: string): Promise<ExitCode> {
  return withClient(context, options, async ({ clients }) => {
    const { scopes, object = [], grants = [] } = options;
    const asked = { name, scopes: [...scopes], objects: [...object], grantTypes: [...grants] };
    await showSecret(
      context,
      options,
      () => clients.createClient(asked),
      ({ client, clientSecret: secret }) => ({
        secret,
        what: `client ${client?.clientId}`,
        it: "its secret",
        details: { client: clientToJson(client) },
        ifLost: `relata client rotate ${client?.clientId} --overlap 0`,
      }),
    );
    return EXIT.ok;
  });
}

function parseGrants(text: string): readonly string[] {
  return parseList(text, "--grants").map((word) => {
    const grant = Object.entries(GRANTS).find(([short]) => short === word)?.[1];
    if (grant !== undefined) return grant;
    throw badInput(`no such grant: ${JSON.stringify(word)}`, {
      where: "--grants",
      hint: `one of ${Object.keys(GRANTS).join(", ")}`,
    });
  });
}
