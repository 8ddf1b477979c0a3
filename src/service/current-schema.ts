import type { Head } from "../model/revision.ts";
import type { Schema } from "../model/schema.ts";
import type { StoredSchema } from "../model/store.ts";
import type { TenantPlace } from "../model/tenant.ts";
import type { VerbDeps } from "./deps.ts";

/** The tenant's schema now: head and compiled form, `schema` undefined before the first one was written. */
export async function currentSchema(
  deps: VerbDeps,
  tenant: TenantPlace,
): Promise<{ readonly head: Head; readonly schema: Schema | undefined }> {
  const head = await deps.heads.fresh(tenant);
  return { head, schema: head.schemaVersion === 0 ? undefined : await deps.compiledSchema(tenant, head) };
}

/** A version that the tenant's history names is always stored. */
export async function storedSchema(deps: VerbDeps, tenant: TenantPlace, version: number): Promise<StoredSchema> {
  const stored = await deps.store.schemas.read(tenant, version);
  if (stored === undefined)
    throw new Error(`tenant ${tenant.id} points at schema version ${version}, which is not stored`);
  return stored;
}
