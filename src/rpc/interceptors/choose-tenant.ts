import { methodAccess } from "../../auth/scope.ts";
import { RelataError } from "../../errors.ts";
import type { Principal } from "../../model/principal.ts";
import type { Tenant } from "../../model/tenant.ts";
import { denied } from "../denied.ts";
import type { Interceptor } from "../edge-call.ts";

/** Selects among the tenants that the caller's identity grants; it can never add one. */
export const TENANT_HEADER = "relata-tenant";

/** A tenant by its slug, suspended ones included. */
export type FindTenant = (slug: string) => Promise<Tenant | undefined>;

/** Puts the call into its tenant. A tenant that was not granted is not even looked up. */
export function createChooseTenant(findTenant: FindTenant): Interceptor {
  return async (call, next) => {
    if (call.principal !== undefined && methodAccess(call.procedure)?.kind === "tenant") {
      const slug = chooseSlug(call.principal, call.transport.header(TENANT_HEADER));
      const tenant = await findTenant(slug);
      if (tenant === undefined) throw denied(`granted tenant ${slug} does not exist`);
      if (tenant.state !== "active") throw denied(`tenant ${slug} is ${tenant.state}`);
      call.tenant = tenant;
    }
    await next();
  };
}

function chooseSlug({ grant }: Principal, asked: string | undefined): string {
  if (grant.kind === "platform") throw denied("a platform principal acts in no tenant");
  if (asked !== undefined) {
    if (grant.slugs.includes(asked)) return asked;
    throw denied(`cross-tenant attempt: ${JSON.stringify(asked.slice(0, 80))} is not granted`);
  }
  const [only, another] = grant.slugs;
  if (only === undefined) throw denied("no tenant is granted");
  if (another !== undefined)
    throw new RelataError(
      "INVALID_REQUEST",
      `this caller may act in several tenants: name the one that is meant in the ${TENANT_HEADER} header`,
      { metadata: { field: TENANT_HEADER } },
    );
  return only;
}
