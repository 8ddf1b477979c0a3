import { toJson } from "@bufbuild/protobuf";
import { type Tenant, TenantSchema } from "../gen/relata/v1/tenant_service_pb.ts";

/** A tenant as the API's JSON. */
export function tenantToJson(tenant: Tenant): unknown {
  return toJson(TenantSchema, tenant);
}
