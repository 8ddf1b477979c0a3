import { sql } from "kysely";
import type { Found, FoundTraits } from "../../model/need.ts";
import { epochMs } from "./statement.ts";

/** What conditions and ends a tuple, as selected beside whatever found it. */
export interface TraitColumns {
  readonly caveat: string | null;
  /** The JSON as it was written. */
  readonly caveat_context: string | null;
  readonly expires_at_ms: number | null;
}

export interface SubjectColumns extends TraitColumns {
  readonly subject_type: string;
  readonly subject_id: string;
  readonly subject_relation: string;
}

/** Part of every SELECT that answers the engine: a tuple without its conditions would grant too much. */
export const TRAITS = sql`t.caveat, t.caveat_context::text AS caveat_context, ${epochMs("t.expires_at")} AS expires_at_ms`;

/** Arguments of every statement that reads at a revision. */
export interface VisibleArgs {
  readonly bucket: number;
  readonly tenantId: string;
  readonly revision: number;
}

export const visible = (arg: (key: keyof VisibleArgs) => number | string) =>
  sql<boolean>`t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")}
    AND t.created_rev <= ${arg("revision")} AND t.deleted_rev > ${arg("revision")}`;

export function toTraits(row: TraitColumns): FoundTraits {
  return {
    ...(row.caveat !== null && { caveat: { name: row.caveat, contextJson: row.caveat_context ?? "{}" } }),
    ...(row.expires_at_ms !== null && { expiresAtMs: row.expires_at_ms }),
  };
}

export function toFound(row: SubjectColumns): Found {
  const { subject_type: subjectType, subject_id: subjectId, subject_relation: subjectRelation } = row;
  return { subjectType, subjectId, subjectRelation, ...toTraits(row) };
}
