import { createHash } from "node:crypto";
import { canonicalBytes } from "../../audit/canonical.ts";
import type { AuditDraft } from "../../model/audit.ts";
import type { Head } from "../../model/revision.ts";
import type { WriteRequest } from "../../model/store.ts";
import type { JsonObject } from "../../model/tuple.ts";
import { formatTuple } from "../../model/tuple-text.ts";

/** With more tuples than this an event holds a digest of them. */
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
    details: {
      revision: head.revision,
      schema_version: head.schemaVersion,
      updates: changes.length,
      ...rows,
    },
    personal: {
      ...listed("changes", changes),
      ...(request.metadata !== undefined && { metadata: request.metadata }),
    },
  };
}

/** The lines, or their number and SHA-256 over them as a canonical JSON array. */
function listed(name: string, lines: readonly string[]): JsonObject {
  if (lines.length <= MAX_TUPLES_ON_RECORD) return { [name]: lines };
  const sha256 = createHash("sha256").update(canonicalBytes(lines)).digest("hex");
  return { [`${name}_count`]: lines.length, [`${name}_sha256`]: sha256 };
}
