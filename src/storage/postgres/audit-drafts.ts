import { createHash } from "node:crypto";
import { canonicalBytes } from "../../audit/canonical.ts";
import type { AuditDraft } from "../../model/audit.ts";
import type { Head } from "../../model/revision.ts";
import type { ChangeOrigin, DeleteRequest, SchemaChangeRequest, WriteRequest } from "../../model/store.ts";
import type { JsonObject, TupleKey } from "../../model/tuple.ts";
import { formatFilter } from "../../model/tuple-filter.ts";
import { formatTuple, formatTupleKey } from "../../model/tuple-text.ts";

/*
 * What is put on record of the changes that the store makes. Ids of objects and subjects may name persons; revisions,
 * versions, counts and slugs do not.
 */

/** With more tuples than this an event holds a digest of them: 1,000 with ids of 13 characters are 58 kB. */
export const MAX_TUPLES_ON_RECORD = 1_000;

/** Which tuples were asked to change, and how many rows that closed and made. */
export function tuplesWritten(
  head: Head,
  request: WriteRequest,
  rows: { readonly closed: number; readonly inserted: number },
): AuditDraft {
  const changes = request.updates.map(({ operation, tuple }) => `${operation} ${formatTuple(tuple)}`);
  return {
    event: "tuples.written",
    origin: request.origin,
    details: { revision: head.revision, schema_version: head.schemaVersion, updates: changes.length, ...rows },
    personal: { ...listed("changes", changes), ...metadataOf(request) },
  };
}

/** What was asked for, and which tuples that ended. */
export function tuplesDeleted(
  head: Head,
  request: DeleteRequest,
  keys: readonly TupleKey[],
  complete: boolean,
): AuditDraft {
  return {
    event: "tuples.deleted",
    origin: request.origin,
    details: { revision: head.revision, schema_version: head.schemaVersion, deleted: keys.length, complete },
    personal: {
      filter: formatFilter(request.filter),
      ...listed("tuples", keys.map(formatTupleKey)),
      ...metadataOf(request),
    },
  };
}

/** The text itself is kept as a version of the schema; the record says which text it was. */
export function schemaWritten(head: Head, change: SchemaChangeRequest): AuditDraft {
  return {
    event: "schema.written",
    origin: change.origin,
    details: {
      revision: head.revision,
      schema: head.schemaName,
      replaced_version: head.schemaVersion,
      text_sha256: createHash("sha256").update(change.text, "utf8").digest("hex"),
    },
  };
}

/** In the chain of the tenant, whose first event it is, and in the platform's. */
export function tenantCreated(
  tenant: { readonly id: string; readonly slug: string; readonly schemaName: string; readonly bucket: number },
  origin: ChangeOrigin,
): AuditDraft {
  const { id, slug, schemaName, bucket } = tenant;
  return { event: "tenant.created", origin, details: { tenant: id, slug, schema: schemaName, bucket } };
}

function metadataOf({ metadata }: { readonly metadata?: JsonObject }): JsonObject {
  return metadata === undefined ? {} : { metadata };
}

/** The lines, or their number and SHA-256 over them as a canonical JSON array. */
function listed(name: string, lines: readonly string[]): JsonObject {
  if (lines.length <= MAX_TUPLES_ON_RECORD) return { [name]: lines };
  const sha256 = createHash("sha256").update(canonicalBytes(lines)).digest("hex");
  return { [`${name}_count`]: lines.length, [`${name}_sha256`]: sha256 };
}
