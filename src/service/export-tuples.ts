import type { AuditStore } from "../model/audit.ts";
import type { Tuple } from "../model/tuple.ts";
import type { TenantCall } from "./call.ts";
import { type ConsistencyRequest, issueToken } from "./consistency-token.ts";
import { createCursorWriter, openCursor } from "./cursor.ts";
import type { VerbDeps } from "./deps.ts";
import { chooseHead } from "./evaluation.ts";
import { originOf } from "./origin.ts";
import { requireFilterReach } from "./reach.ts";
import { readKey, writeKey } from "./tuple-place.ts";

export interface ExportTuplesRequest {
  /** Undefined for the newest revision, or when a cursor says it. */
  readonly consistency: ConsistencyRequest | undefined;
  /** Empty for the beginning. */
  readonly cursor: string;
}

/** One page as it was read from the store. An export without tuples is one empty page. */
export interface ExportTuplesPage {
  readonly tuples: readonly Tuple[];
  /** Continues after the last of `tuples`. */
  readonly cursor: string;
  readonly consistencyToken: string;
  readonly schemaVersion: number;
}

export type ExportTuples = (call: TenantCall, request: ExportTuplesRequest) => AsyncIterable<ExportTuplesPage>;

const NEWEST = { kind: "fully_consistent" } as const;

/**
 * Everything stored at one revision, in key order, expired or not. One page is in memory at a time. That it began is on record
 * before the first tuple leaves.
 */
export function createExportTuples(deps: VerbDeps, audit: Pick<AuditStore, "append"> | undefined): ExportTuples {
  const { limits, sealer, store } = deps;
  return async function* exportTuples(call, { consistency, cursor }) {
    const { tenant, signal } = call;
    requireFilterReach(call, "tuples:read", {});
    const start = cursor === "" ? undefined : openCursor(sealer, "export-cursor", tenant.id, {}, cursor);
    const head = await chooseHead(
      deps,
      call,
      start === undefined ? { consistency: consistency ?? NEWEST } : { at: start.at, consistency },
    );
    const { revision, schemaVersion } = head;
    if (start === undefined)
      await audit?.append(tenant.id, [
        { event: "tenant.exported", origin: originOf(call), details: { revision, schema_version: schemaVersion } },
      ]);
    const position = { tenantId: tenant.id, revision, schemaVersion };
    const writeCursor = createCursorWriter(sealer, "export-cursor", position, {});
    const consistencyToken = issueToken(sealer, tenant.id, head);
    let place = start?.place ?? "";
    for (let first = true; ; first = false) {
      const after = place === "" ? {} : { after: readKey(place) };
      const query = { revision, nowMs: undefined, filter: {}, limit: limits.maxReadPage, ...after };
      const tuples = await store.tuples.page(tenant, query, signal);
      const last = tuples.at(-1);
      if (last !== undefined) place = writeKey(last);
      if (last !== undefined || first) yield { tuples, cursor: writeCursor(place), consistencyToken, schemaVersion };
      if (tuples.length < limits.maxReadPage) return;
    }
  };
}
