import type { DeleteRequest, DeleteResult } from "../../model/store.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import type { TupleKey } from "../../model/tuple.ts";
import { requirePreconditions, requireSchemaVersion, tooManyToDelete } from "../refusals.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import { tuplesDeleted } from "./audit-drafts.ts";
import { advance, lockHead, nextHead, placeArgs, tenantScope } from "./heads.ts";
import { firstAnswer, keepAnswer, lookUpFirstAnswer } from "./idempotency.ts";
import { lookUpPreconditions, type Match, matchedBy } from "./preconditions.ts";
import type { Sessions } from "./sessions.ts";
import { type Bound, sqlBuilder, statementFamily } from "./statement.ts";
import { close } from "./tuple-changes.ts";
import { BY_SUBJECT, fieldsOf, isBySubject, KEY_COLUMNS, LIVE, SHAPES, shapeOf } from "./tuple-columns.ts";
import { filled } from "./tuple-page.ts";
import { whereItIs } from "./written-places.ts";

type SelectArgs = ReturnType<typeof filled> & {
  readonly bucket: number;
  readonly tenantId: string;
  readonly limit: number;
};

const selectMatching = statementFamily<SelectArgs>()("select_matching", SHAPES, (arg, shape) => {
  let query = sqlBuilder
    .selectFrom("relata.tuple as t")
    .select(["t.object_type as objectType", "t.object_id as objectId", "t.relation as relation"])
    .select(["t.subject_type as subjectType", "t.subject_id as subjectId", "t.subject_relation as subjectRelation"])
    .where("t.bucket", "=", arg("bucket"))
    .where("t.tenant_id", "=", arg("tenantId"))
    .where("t.deleted_rev", "=", LIVE);
  if (isBySubject(shape)) query = query.where(BY_SUBJECT);
  for (const [field, column] of fieldsOf(shape)) query = query.where(`t.${column}`, "=", arg(field));
  for (const column of KEY_COLUMNS) query = query.orderBy(`t.${column}`);
  return query.limit(arg("limit")).compile();
});

/** Two network round trips, like a write; of more than `limit` matches the first in key order go, if any may. */
export async function deleteMatching(
  sessions: Sessions,
  place: TenantPlace,
  request: DeleteRequest,
): Promise<DeleteResult> {
  const { filter, preconditions, idempotency, limit } = request;
  return whereItIs(place, (place) =>
    sessions.transact(tenantScope(place), async (transaction) => {
      const first = lookUpFirstAnswer(place, idempotency);
      const matching: Bound<TupleKey> = selectMatching(shapeOf(filter))({
        ...placeArgs(place),
        ...filled(filter),
        limit: limit + 1,
      });
      const [locked, chain, found, ...rest] = await transaction.begin([
        lockHead(place),
        lockChain(place.id),
        matching,
        ...first,
        ...lookUpPreconditions(place, preconditions, request.nowMs),
      ] as const);
      const { head, places } = nextHead(locked, place);
      const replayed = firstAnswer(
        rest.slice(0, first.length) as Parameters<typeof firstAnswer>[0],
        "delete",
        idempotency,
      );
      if (replayed !== undefined) return { ...replayed, replayed: true };
      if (request.schemaVersion !== undefined) requireSchemaVersion(head.schemaVersion, request.schemaVersion);
      requirePreconditions(preconditions, matchedBy(rest.slice(first.length) as readonly (readonly Match[])[]));
      const complete = found.length <= limit;
      if (!complete && !request.allowPartial) throw tooManyToDelete(limit, filter);
      const keys = found.slice(0, limit);
      const answer = { head, deleted: keys.length, complete };
      await transaction.commit([
        ...places.flatMap((at) => close(at, keys, head.revision)),
        ...advance(places, head, request),
        ...appendEvents(chain, [tuplesDeleted(head, request, keys, complete)]),
        ...keepAnswer(place, "delete", idempotency, answer),
      ]);
      return { ...answer, replayed: false };
    }),
  );
}
