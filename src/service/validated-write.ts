import { RelataError } from "../errors.ts";
import type { Head } from "../model/revision.ts";
import type { Schema } from "../model/schema.ts";
import type { TenantPlace } from "../model/tenant.ts";
import type { VerbDeps } from "./deps.ts";

/** A schema change between validation and commit is rare; three in a row are not an accident. */
const MAX_ATTEMPTS = 4;

/**
 * Validates against the schema of the head and then writes, which fails with WRITE_CONFLICT when the schema has moved
 * meanwhile: validated again then, and tried again.
 *
 * The first try trusts the cached head, which saves a round trip. What it finds wrong is only said once the newest
 * head's schema finds the same.
 */
export async function writeValidated<T>(
  deps: VerbDeps,
  tenant: TenantPlace,
  validate: (schema: Schema) => void,
  write: (head: Head) => Promise<T>,
): Promise<T> {
  let head = await deps.heads.recent(tenant);
  for (let attempt = 1; ; attempt++) {
    try {
      validate(await deps.compiledSchema(tenant, head));
    } catch (error) {
      const newest = await deps.heads.fresh(tenant);
      if (newest.schemaVersion === head.schemaVersion || attempt === MAX_ATTEMPTS) throw error;
      head = newest;
      continue;
    }
    try {
      return await write(head);
    } catch (error) {
      if (!isWriteConflict(error) || attempt === MAX_ATTEMPTS) throw error;
      head = await deps.heads.fresh(tenant);
    }
  }
}

export function isWriteConflict(error: unknown): boolean {
  return error instanceof RelataError && error.reason === "WRITE_CONFLICT";
}
