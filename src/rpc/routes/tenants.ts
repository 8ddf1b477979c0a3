import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type GetRequest, TenantService } from "../../gen/relata/v1/tenant_service_pb.ts";
import type { Tenant } from "../../model/tenant.ts";
import type { TenantName } from "../../service/get-tenant.ts";
import type { Verbs } from "../../service/verbs.ts";
import { badField } from "../wire-fields.ts";
import { platformCall } from "./calls.ts";
import { type Route, routesOf } from "./route.ts";

export function tenantRoutes(verbs: Pick<Verbs, "createTenant" | "getTenant" | "listTenants">): readonly Route[] {
  return routesOf(TenantService, platformCall, {
    create: async (call, { slug, schemaName }) => ({
      tenant: writeTenant(await verbs.createTenant(call, { slug, schemaName })),
    }),
    get: async (call, request) => ({ tenant: writeTenant(await verbs.getTenant(call, readName(request))) }),
    list: async (call, { pageSize, pageToken }) => {
      const { tenants, nextPageToken } = await verbs.listTenants(call, { pageSize, pageToken });
      return { tenants: tenants.map(writeTenant), nextPageToken };
    },
  });
}

function readName({ by }: GetRequest): TenantName {
  if (by.case === "id") return { kind: "id", id: by.value };
  if (by.case === "slug") return { kind: "slug", slug: by.value };
  throw badField("INVALID_REQUEST", "by", "is missing: give an id or a slug");
}

function writeTenant({ id, slug, schemaName, createdAtMs }: Tenant) {
  return { id, slug, schemaName, createdAt: timestampFromMs(createdAtMs) };
}
