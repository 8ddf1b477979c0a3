import type { Command } from "commander";
import { isTenantSlug } from "../../model/tenant.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { tenantToJson } from "../tenant-json.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly schema?: string;
  readonly json?: boolean;
}

export function registerTenantCreate(parent: Command, shell: Shell): void {
  const command = leaf(parent, "create", "create a tenant")
    .argument("<slug>", "its name: lower case, digits and inner -, at most 63")
    .option("--schema <name>", "share the schema versions stored under this name (default: the slug)");
  runs<[string], Options>(connectionFlags(command), shell, create);
}

async function create(context: CliContext, options: Options, slug: string): Promise<ExitCode> {
  if (!isTenantSlug(slug)) {
    throw badInput(`not a tenant slug: ${JSON.stringify(slug)}`, {
      hint: "a slug has lower-case letters, digits and - inside, at most 63: acme, acme-staging",
    });
  }
  return withClient(context, options, async (client) => {
    const { tenant } = await client.tenants.create({ slug, schemaName: options.schema ?? "" });
    if (options.json === true) json(context, tenant && tenantToJson(tenant));
    else line(context.stdout, `tenant ${tenant?.slug} created, id ${tenant?.id}, schema ${tenant?.schemaName}`);
    return EXIT.ok;
  });
}
