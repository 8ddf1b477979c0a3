import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { type Tenant, TenantService } from "../../gen/relata/v1/tenant_service_pb.ts";
import { type Api, connect } from "../api.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, resolveConnection, withConnection } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { tenantToJson } from "../tenant-json.ts";

const PAGE_SIZE = 1000;

interface Options extends ConnectionOptions {
  readonly json?: boolean;
}

export function registerTenantList(parent: Command, shell: Shell): void {
  runs<[], Options>(withConnection(leaf(parent, "list", "list all tenants by slug")), shell, list);
}

async function list(context: CliContext, options: Options): Promise<ExitCode> {
  const api = connect(await resolveConnection(context, options));
  try {
    const rows = [["SLUG", "SCHEMA", "CREATED", "ID"]];
    for await (const tenant of allTenants(api)) {
      if (options.json === true) json(context, tenantToJson(tenant));
      else rows.push([tenant.slug, tenant.schemaName, createdAt(tenant), tenant.id]);
    }
    if (options.json !== true) line(context.stdout, table(rows));
    return EXIT.ok;
  } finally {
    api.close();
  }
}

async function* allTenants(api: Api): AsyncGenerator<Tenant> {
  let pageToken = "";
  do {
    const page = await api.unary(TenantService.method.list, { pageSize: PAGE_SIZE, pageToken });
    yield* page.tenants;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

function createdAt(tenant: Tenant): string {
  return tenant.createdAt === undefined ? "" : timestampDate(tenant.createdAt).toISOString();
}
