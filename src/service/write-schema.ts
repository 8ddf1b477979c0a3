import type { Diagnostic } from "../dsl/diagnostic.ts";
import { diffSchemas } from "../dsl/diff.ts";
import { RelataError } from "../errors.ts";
import type { Head } from "../model/revision.ts";
import type { Schema } from "../model/schema.ts";
import type { TenantCall } from "./call.ts";
import { compileOrThrow, requireSchemaSize } from "./compile-text.ts";
import { issueToken } from "./consistency-token.ts";
import { currentSchema, storedSchema } from "./current-schema.ts";
import type { VerbDeps } from "./deps.ts";
import { originOf } from "./origin.ts";
import { shownRefusal } from "./shown-tuple.ts";
import { isWriteConflict } from "./validated-write.ts";

export interface WriteSchemaRequest {
  readonly text: string;
  /** Set: refused with SCHEMA_CHANGED unless the tenant is at this version. */
  readonly expectedVersion: number | undefined;
}

export interface WriteSchemaAnswer {
  readonly version: number;
  readonly consistencyToken: string;
  readonly warnings: readonly Diagnostic[];
}

export type WriteSchema = (call: TenantCall, request: WriteSchemaRequest) => Promise<WriteSchemaAnswer>;

const MAX_ATTEMPTS = 4;

/**
 * Stores the next version, unless stored tuples could not live under it. A text equal to the current one changes
 * nothing and answers with the current version, so that a retry is harmless.
 */
export function createWriteSchema(deps: VerbDeps): WriteSchema {
  return async (call, request) => {
    requireSchemaSize(request.text, deps.limits.maxSchemaBytes);
    const { schema, warnings } = compileOrThrow(request.text);
    for (let attempt = 1; ; attempt++) {
      try {
        const head = await writeOnce(deps, call, request, schema);
        return {
          version: head.schemaVersion,
          consistencyToken: issueToken(deps.sealer, call.tenant.id, head),
          warnings,
        };
      } catch (error) {
        if (!isWriteConflict(error) || attempt === MAX_ATTEMPTS) throw shownRefusal(call, error);
      }
    }
  };
}

async function writeOnce(deps: VerbDeps, call: TenantCall, request: WriteSchemaRequest, schema: Schema): Promise<Head> {
  const { tenant } = call;
  const { head, schema: before } = await currentSchema(deps, tenant);
  if (request.expectedVersion !== undefined && request.expectedVersion !== head.schemaVersion)
    throw schemaChanged(request.expectedVersion, head.schemaVersion);
  if (before !== undefined && (await storedSchema(deps, tenant, head.schemaVersion)).text === request.text) return head;
  const startedAtMs = deps.monotonic();
  const written = await deps.store.schemas.write(tenant, {
    text: request.text,
    expectedVersion: head.schemaVersion,
    strands: diffSchemas(before, schema).flatMap(({ strands }) => strands),
    origin: originOf(call),
  });
  deps.heads.learn(tenant.id, written, startedAtMs);
  return written;
}

function schemaChanged(expected: number, current: number): RelataError {
  return new RelataError(
    "SCHEMA_CHANGED",
    `the tenant's schema is at version ${current}, not at ${expected}: someone else has changed it; look at the difference and try again`,
    { metadata: { expectedVersion: String(expected), currentVersion: String(current) } },
  );
}
