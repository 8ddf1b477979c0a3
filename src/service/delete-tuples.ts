import type { Precondition } from "../model/store.ts";
import type { JsonObject, TupleFilter } from "../model/tuple.ts";
import type { TenantCall } from "./call.ts";
import { issueToken } from "./consistency-token.ts";
import type { VerbDeps } from "./deps.ts";
import { requireNonEmpty, validateFilter, validatePreconditions } from "./filter-check.ts";
import { idempotencyOf, sortedJson } from "./idempotency.ts";
import { requireAtMost, requireJsonSize } from "./limits.ts";
import { originOf } from "./origin.ts";
import { requireFilterReach, requirePreconditionReach } from "./reach.ts";
import { NO_SCHEMA_VERSION, replayOr } from "./replay.ts";
import { writeValidated } from "./validated-write.ts";

export interface DeleteTuplesRequest {
  readonly filter: TupleFilter;
  readonly preconditions: readonly Precondition[];
  /** 0 for the most the server allows. */
  readonly limit: number;
  readonly allowPartial: boolean;
  /** Empty for none. */
  readonly idempotencyKey: string;
  readonly metadata?: JsonObject;
}

export interface DeleteTuplesAnswer {
  readonly consistencyToken: string;
  readonly deleted: number;
  readonly complete: boolean;
  readonly replayed: boolean;
}

export type DeleteTuples = (call: TenantCall, request: DeleteTuplesRequest) => Promise<DeleteTuplesAnswer>;

/** Deletes what a filter selects, in one revision. An empty filter is refused: it would select everything. */
export function createDeleteTuples(deps: VerbDeps): DeleteTuples {
  const { limits, store } = deps;
  return async (call, request) => {
    requireAtMost("preconditions", request.preconditions.length, limits.maxPreconditions);
    requireJsonSize("metadata", request.metadata, limits.metadataMaxBytes);
    requireAtMost("limit", request.limit, limits.maxDelete);
    requireNonEmpty(request.filter, "filter");
    requireFilterReach(call, "tuples:write", request.filter);
    requirePreconditionReach(call, request.preconditions);
    const { tenant } = call;
    const startedAtMs = deps.monotonic();
    const remove = (schemaVersion: number) =>
      store.tuples.deleteMatching(tenant, { ...toStore(call, request, limits.maxDelete), schemaVersion });
    const result = await writeValidated(
      deps,
      tenant,
      (schema) => {
        validateFilter(schema, request.filter, "filter");
        validatePreconditions(schema, request.preconditions);
      },
      (head) => remove(head.schemaVersion),
    ).catch((error) => replayOr(error, request.idempotencyKey, () => remove(NO_SCHEMA_VERSION)));
    if (!result.replayed) deps.heads.learn(tenant.id, result.head, startedAtMs);
    const { deleted, complete, replayed } = result;
    return { consistencyToken: issueToken(deps.sealer, tenant.id, result.head), deleted, complete, replayed };
  };
}

function toStore(call: TenantCall, request: DeleteTuplesRequest, maxDelete: number) {
  const { filter, preconditions, allowPartial, metadata } = request;
  const limit = request.limit === 0 ? maxDelete : request.limit;
  const meaning = { filter, preconditions: sortedJson(preconditions), limit, allowPartial, metadata };
  const idempotency = idempotencyOf(request.idempotencyKey, "delete", meaning);
  return {
    filter,
    preconditions,
    limit,
    allowPartial,
    nowMs: call.nowMs,
    origin: originOf(call),
    ...(idempotency === undefined ? {} : { idempotency }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}
