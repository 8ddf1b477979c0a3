import { RelataError } from "../errors.ts";
import type { StoredSchema } from "../model/store.ts";
import type { TenantCall } from "./call.ts";
import { noSchemaYet } from "./compiled-schemas.ts";
import { issueToken } from "./consistency-token.ts";
import type { VerbDeps } from "./deps.ts";

export interface ReadSchemaAnswer {
  readonly stored: StoredSchema;
  readonly consistencyToken: string;
}

/** `version` 0 for the current one. */
export type ReadSchema = (call: TenantCall, request: { readonly version: number }) => Promise<ReadSchemaAnswer>;

export function createReadSchema(deps: VerbDeps): ReadSchema {
  return async ({ tenant }, { version }) => {
    const head = await deps.heads.fresh(tenant);
    if (head.schemaVersion === 0) throw noSchemaYet();
    const stored = await deps.store.schemas.read(tenant, version === 0 ? head.schemaVersion : version);
    if (stored === undefined)
      throw new RelataError(
        "SCHEMA_NOT_FOUND",
        `the tenant's schema has no version ${version}; it is at ${head.schemaVersion}`,
        {
          metadata: { version: String(version), currentVersion: String(head.schemaVersion) },
        },
      );
    return { stored, consistencyToken: issueToken(deps.sealer, tenant.id, head) };
  };
}
