import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import type { RelataClient } from "../../client/relata-client.ts";
import type { Tenant } from "../../gen/relata/v1/tenant_service_pb.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { tenantToJson } from "../tenant-json.ts";
import { placementText, stateText } from "../tenants/tenant-text.ts";
import { withClient } from "../with-client.ts";

const PAGE_SIZE = 1000;

interface Options extends ConnectionOptions {
  readonly json?: boolean;
}

export function registerTenantList(parent: Command, shell: Shell): void {
  runs<[], Options>(connectionFlags(leaf(parent, "list", "list all tenants by slug")), shell, list);
}

async function list(context: CliContext, options: Options): Promise<ExitCode> {
  return withClient(context, options, async (client) => {
    const rows = [["SLUG", "STATE", "PARTITION", "SCHEMA", "CREATED", "ID"]];
    for await (const tenant of allTenants(client)) {
      if (options.json === true) json(context, tenantToJson(tenant));
      else {
        const { slug, schemaName, id } = tenant;
        rows.push([slug, stateText(tenant), placementText(tenant), schemaName, createdAt(tenant), id]);
      }
    }
    if (options.json !== true) line(context.stdout, table(rows));
    return EXIT.ok;
  });
}

async function* allTenants(client: RelataClient): AsyncGenerator<Tenant> {
  let pageToken = "";
  do {
    const page = await client.tenants.list({ pageSize: PAGE_SIZE, pageToken });
    yield* page.tenants;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

function createdAt(tenant: Tenant): string {
  return tenant.createdAt === undefined ? "" : timestampDate(tenant.createdAt).toISOString();
}
