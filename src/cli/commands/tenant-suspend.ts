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

export function registerTenantSuspend(parent: Command, shell: Shell): void {
  const command = leaf(parent, "suspend", "refuse a tenant's callers, on every node within the bound of trust")
    .argument("<slug>")
    .addHelpText("after", "\nNothing is removed: `relata tenant resume` lets them in again.");
  runs<[string], Options>(connectionFlags(command), shell, suspend);
}

async function suspend(context: CliContext, options: Options, slug: string): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const { tenant } = await client.tenants.suspend({ slug });
    if (options.json === true) json(context, tenant && tenantToJson(tenant));
    else line(context.stdout, `tenant ${slug} is suspended: its callers are refused`);
    return EXIT.ok;
  });
}
