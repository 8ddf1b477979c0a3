import { validateTuple, validateTupleKey } from "../engine/validate.ts";
import { RelataError } from "../errors.ts";
import type { Schema } from "../model/schema.ts";
import type { Precondition, TupleUpdate } from "../model/store.ts";
import type { JsonObject } from "../model/tuple.ts";
import { formatTupleKey } from "../model/tuple-text.ts";
import { atField } from "./at-field.ts";
import type { TenantCall } from "./call.ts";
import { issueToken } from "./consistency-token.ts";
import type { VerbDeps } from "./deps.ts";
import { validatePreconditions } from "./filter-check.ts";
import { idempotencyOf, sortedJson } from "./idempotency.ts";
import { requireAtMost, requireJsonSize } from "./limits.ts";
import { originOf } from "./origin.ts";
import { requirePreconditionReach, requireReach } from "./reach.ts";
import { NO_SCHEMA_VERSION, replayOr } from "./replay.ts";
import { writeValidated } from "./validated-write.ts";

export interface WriteTuplesRequest {
  readonly updates: readonly TupleUpdate[];
  readonly preconditions: readonly Precondition[];
  /** Empty for none. */
  readonly idempotencyKey: string;
  readonly metadata?: JsonObject;
}

export interface WriteTuplesAnswer {
  readonly consistencyToken: string;
  readonly replayed: boolean;
}

export type WriteTuples = (call: TenantCall, request: WriteTuplesRequest) => Promise<WriteTuplesAnswer>;

/** All updates in one revision, or none. Each tuple must fit the schema that is current when it is committed. */
export function createWriteTuples(deps: VerbDeps): WriteTuples {
  const { limits, store } = deps;
  return async (call, request) => {
    requireAtMost("updates", request.updates.length, limits.maxUpdatesPerWrite);
    requireAtMost("preconditions", request.preconditions.length, limits.maxPreconditions);
    requireJsonSize("metadata", request.metadata, limits.metadataMaxBytes);
    if (request.updates.length === 0) throw new RelataError("INVALID_REQUEST", "updates is empty: nothing to write");
    for (const { tuple } of request.updates) requireReach(call, "tuples:write", tuple.objectType, tuple.relation);
    requirePreconditionReach(call, request.preconditions);
    refuseDuplicates(request.updates);
    for (const [index, { tuple }] of request.updates.entries())
      requireJsonSize(`updates[${index}].tuple.caveat.context`, tuple.caveat?.context, limits.maxCaveatContextBytes);
    const startedAtMs = deps.monotonic();
    const write = (schemaVersion: number) => store.tuples.write(call.tenant, toStore(call, request, schemaVersion));
    const result = await writeValidated(
      deps,
      call.tenant,
      (schema) => validate(schema, request),
      (head) => write(head.schemaVersion),
    ).catch((error) => replayOr(error, request.idempotencyKey, () => write(NO_SCHEMA_VERSION)));
    if (!result.replayed) deps.heads.learn(call.tenant.id, result.head, startedAtMs);
    return { consistencyToken: issueToken(deps.sealer, call.tenant.id, result.head), replayed: result.replayed };
  };
}

function toStore(call: TenantCall, request: WriteTuplesRequest, schemaVersion: number) {
  const idempotency = idempotencyOf(request.idempotencyKey, "write", {
    updates: sortedJson(request.updates),
    preconditions: sortedJson(request.preconditions),
    metadata: request.metadata,
  });
  return {
    updates: request.updates,
    preconditions: request.preconditions,
    schemaVersion,
    nowMs: call.nowMs,
    origin: originOf(call),
    ...(idempotency === undefined ? {} : { idempotency }),
    ...(request.metadata === undefined ? {} : { metadata: request.metadata }),
  };
}

function validate(schema: Schema, request: WriteTuplesRequest): void {
  for (const [index, { operation, tuple }] of request.updates.entries())
    atField(`updates[${index}].tuple`, () =>
      // Deleting goes by the key: who wants a tuple gone need not know under which condition it holds.
      operation === "delete" ? validateTupleKey(schema, tuple) : validateTuple(schema, tuple),
    );
  validatePreconditions(schema, request.preconditions);
}

function refuseDuplicates(updates: readonly TupleUpdate[]): void {
  const first = new Map<string, number>();
  for (const [index, { tuple }] of updates.entries()) {
    const text = formatTupleKey(tuple);
    const earlier = first.get(text);
    if (earlier !== undefined)
      throw new RelataError(
        "DUPLICATE_UPDATE",
        `updates[${index}] is about the same tuple as updates[${earlier}]: ${text}`,
        {
          metadata: { field: `updates[${index}]`, tuple: text },
        },
      );
    first.set(text, index);
  }
}
