import type { Head } from "../model/revision.ts";
import type { Tuple, TupleFilter, TupleKey } from "../model/tuple.ts";
import type { TenantCall } from "./call.ts";
import { type ConsistencyRequest, issueToken } from "./consistency-token.ts";
import { createCursorWriter, openCursor } from "./cursor.ts";
import type { VerbDeps } from "./deps.ts";
import { chooseHead } from "./evaluation.ts";
import { validateFilter } from "./filter-check.ts";
import { requireFilterReach } from "./reach.ts";
import { readKey, writeKey } from "./tuple-place.ts";

export interface ReadTuplesRequest {
  readonly filter: TupleFilter;
  /** Undefined when a cursor says it. */
  readonly consistency: ConsistencyRequest | undefined;
  /** 0 for all. */
  readonly limit: number;
  /** Empty for the beginning. */
  readonly cursor: string;
}

/** One page as it was read from the store. Never empty. */
export interface ReadTuplesPage {
  readonly tuples: readonly Tuple[];
  /** The cursor that continues after one of `tuples`. */
  readonly cursorAfter: (tuple: TupleKey) => string;
  readonly consistencyToken: string;
}

export type ReadTuples = (call: TenantCall, request: ReadTuplesRequest) => AsyncIterable<ReadTuplesPage>;

/** The tuples a filter selects, in key order, all at one revision. The next page is read when it is asked for. */
export function createReadTuples(deps: VerbDeps): ReadTuples {
  const { limits, sealer, store } = deps;
  return async function* readTuples(call, request) {
    const { tenant, signal } = call;
    const { filter } = request;
    requireFilterReach(call, "tuples:read", filter);
    const { head, after: start } = await findStart(deps, call, request);
    validateFilter(await deps.compiledSchema(tenant, head), filter, "filter");
    const position = { tenantId: tenant.id, revision: head.revision, schemaVersion: head.schemaVersion };
    const writeCursor = createCursorWriter(sealer, "read-cursor", position, filter);
    const cursorAfter = (tuple: TupleKey) => writeCursor(writeKey(tuple));
    const consistencyToken = issueToken(sealer, tenant.id, head);
    let left = request.limit === 0 ? Number.POSITIVE_INFINITY : request.limit;
    let after = start;
    while (left > 0) {
      const limit = Math.min(left, limits.maxReadPage);
      const query = {
        revision: head.revision,
        nowMs: call.nowMs,
        filter,
        limit,
        ...(after === undefined ? {} : { after }),
      };
      const tuples = await store.tuples.page(tenant, query, signal);
      if (tuples.length > 0) yield { tuples, cursorAfter, consistencyToken };
      if (tuples.length < limit) return;
      left -= tuples.length;
      after = tuples.at(-1);
    }
  };
}

async function findStart(
  deps: VerbDeps,
  call: TenantCall,
  request: ReadTuplesRequest,
): Promise<{ readonly head: Head; readonly after: TupleKey | undefined }> {
  const { consistency, cursor, filter } = request;
  if (cursor === "") return { head: await chooseHead(deps, call, { consistency }), after: undefined };
  const { at, place } = openCursor(deps.sealer, "read-cursor", call.tenant.id, filter, cursor);
  return { head: await chooseHead(deps, call, { at, consistency }), after: readKey(place) };
}
