import type { Generated } from "kysely";
import type { TenantState } from "../../model/tenant.ts";
import type { JsonObject } from "../../model/tuple.ts";

/**
 * The tables as the app reads and writes them (migrations/ is the truth). bigint arrives as a number (see
 * connection.ts): revisions are safe integers, and the largest bigint in `deleted_rev` is never selected.
 */
export interface Tables {
  readonly "relata.tenant": TenantRow;
  readonly "relata.tenant_head": TenantHeadRow;
  readonly "relata.tuple": TupleRow;
  readonly "relata.revision": RevisionRow;
  readonly "relata.schema": SchemaRow;
  readonly "relata.schema_version": SchemaVersionRow;
  readonly "relata.idempotency": IdempotencyRow;
  readonly "relata.audit_chain": AuditChainRow;
  readonly "relata.audit_event": AuditEventRow;
  readonly "relata.audit_checkpoint": AuditCheckpointRow;
}

export interface TenantRow {
  readonly id: string;
  readonly slug: string;
  readonly bucket: number;
  readonly schema_name: string;
  readonly state: Generated<TenantState>;
  readonly created_at: Generated<string>;
}

export interface TenantHeadRow {
  readonly tenant_id: string;
  readonly bucket: number;
  readonly revision: number;
  readonly schema_name: string;
  readonly schema_version: number;
  readonly committed_at: string;
  readonly mirror_bucket: number | null;
}

export interface TupleRow {
  readonly bucket: number;
  readonly tenant_id: string;
  readonly object_type: string;
  readonly object_id: string;
  readonly relation: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly subject_relation: string;
  readonly caveat: string | null;
  readonly caveat_context: JsonObject | null;
  readonly expires_at: string | null;
  readonly created_rev: number;
  readonly deleted_rev: number;
}

export interface RevisionRow {
  readonly bucket: number;
  readonly tenant_id: string;
  readonly revision: number;
  readonly schema_name: string;
  readonly schema_version: number;
  readonly committed_at: string;
  readonly actor: string;
  readonly request_id: string;
  readonly metadata: JsonObject | null;
}

export interface SchemaRow {
  readonly name: string;
  readonly latest_version: number;
}

export interface SchemaVersionRow {
  readonly name: string;
  readonly version: number;
  readonly source: string;
  readonly created_at: string;
}

export interface IdempotencyRow {
  readonly tenant_id: string;
  readonly key: string;
  readonly method: "write" | "delete";
  readonly request_hash: string;
  readonly answer: JsonObject;
  readonly created_at: string;
}

export interface AuditChainRow {
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly recorded_at: string;
}

export interface AuditCheckpointRow extends AuditChainRow {
  readonly noted: Generated<boolean>;
}

export interface AuditEventRow {
  readonly chain: string;
  readonly seq: number;
  readonly recorded_at: string;
  readonly event: string;
  readonly request_id: string;
  readonly body: Uint8Array;
  readonly hash: Uint8Array;
  readonly actor: string | null;
  readonly personal: Uint8Array | null;
  readonly personal_salt: Uint8Array | null;
}
