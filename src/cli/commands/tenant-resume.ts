import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { tenantToJson } from "../tenant-json.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly json?: boolean;
}

export function registerTenantResume(parent: Command, shell: Shell): void {
  const command = leaf(parent, "resume", "let a suspended tenant's callers in again").argument("<slug>");
  runs<[string], Options>(connectionFlags(command), shell, resume);
}

async function resume(context: CliContext, options: Options, slug: string): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const { tenant } = await client.tenants.resume({ slug });
    if (options.json === true) json(context, tenant && tenantToJson(tenant));
    else line(context.stdout, `tenant ${slug} is active`);
    return EXIT.ok;
  });
}
