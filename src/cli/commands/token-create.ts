import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { isCidr } from "../../auth/address-list.ts";
import { SCOPES } from "../../model/scope.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { type GrantOptions, grantFlags } from "../credentials/grant-flags.ts";
import { parseLifetime } from "../credentials/lifetime.ts";
import { type SecretOptions, showSecretOf } from "../credentials/secret-output.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions, GrantOptions, SecretOptions {
  readonly cidr?: readonly string[];
  readonly lifetime?: Duration;
}

export function registerTokenCreate(parent: Command, shell: Shell): void {
  const command = grantFlags(
    leaf(parent, "create", "make an API token of the tenant, with no more rights than the caller has").argument(
      "<name>",
      "what it is used for, 1 to 100 characters",
    ),
    SCOPES.filter((scope) => !scope.startsWith("tenants:")),
  )
    .option(
      "--cidr <range>",
      "may be used from these addresses only (192.0.2.0/24, 2001:db8::/32); again for more",
      (text, before: readonly string[] = []) => [...before, parseCidr(text)],
    )
    .option("--lifetime <time>", "ends after this: 90d, 12h (default: as the tenant's policy says)", (text) =>
      parseLifetime(text, "--lifetime"),
    )
    .option("--out <file>", "write the token to this file, mode 0600, instead of stdout")
    .addHelpText(
      "after",
      "\nThe token is shown once and cannot be read again.\n\nExample:\n  relata token create ci --scopes check,tuples:read --object document --lifetime 30d --out ci-token",
    );
  runs<[string], Options>(connectionFlags(command), shell, create);
}

function parseCidr(text: string): string {
  if (isCidr(text)) return text;
  throw badInput(`not an address or a range of them: ${JSON.stringify(text)}`, {
    where: "--cidr",
    hint: "write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32",
  });
}

async function create(context: CliContext, options: Options, name: string): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const { scopes, object = [], cidr = [], lifetime } = options;
    const asked = { name, scopes: [...scopes], objects: [...object], allowedCidrs: [...cidr] };
    await showSecretOf(context, options, () =>
      client.credentials.createApiToken({ ...asked, ...(lifetime !== undefined && { lifetime }) }),
    );
    return EXIT.ok;
  });
}
