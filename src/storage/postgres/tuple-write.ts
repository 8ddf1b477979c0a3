import type { WriteRequest, WriteResult } from "../../model/store.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import type { Tuple } from "../../model/tuple.ts";
import { isExpired } from "../expired.ts";
import { requirePreconditions, requireSchemaVersion, tupleAlreadyExists } from "../refusals.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import { tuplesWritten } from "./audit-drafts.ts";
import { advance, lockHead, nextHead, tenantScope } from "./heads.ts";
import { firstAnswer, keepAnswer, lookUpFirstAnswer, plainAnswer } from "./idempotency.ts";
import { lookUpPreconditions, type Match, matchedBy } from "./preconditions.ts";
import type { Sessions } from "./sessions.ts";
import { close, insert, isSame, type LiveRow, lookUpLive } from "./tuple-changes.ts";
import { whereItIs } from "./written-places.ts";

/**
 * Two network round trips, whatever the number of updates and preconditions:
 *   1. BEGIN, scope, lock head and audit chain, first answer, live tuples, preconditions
 *   2. close rows, insert rows, next revision, event, keep answer, COMMIT
 * The lock comes first and each statement after it has a snapshot of its own, so all of them see what the previous writer
 * committed. Updates that change nothing still make a revision: the token of every acknowledged write is its own.
 */
export async function writeTuples(sessions: Sessions, place: TenantPlace, request: WriteRequest): Promise<WriteResult> {
  const { updates, preconditions, idempotency } = request;
  return whereItIs(place, (place) =>
    sessions.transact(tenantScope(place), async (transaction) => {
      const first = lookUpFirstAnswer(place, idempotency);
      const matches = lookUpPreconditions(place, preconditions, request.nowMs);
      const keys = updates.map(({ tuple }) => tuple);
      const [locked, chain, live, ...rest] = await transaction.begin([
        lockHead(place),
        lockChain(place.id),
        lookUpLive(place, keys),
        ...first,
        ...matches,
      ] as const);
      const { head, places } = nextHead(locked, place);
      const replayed = firstAnswer(
        rest.slice(0, first.length) as Parameters<typeof firstAnswer>[0],
        "write",
        idempotency,
      );
      if (replayed !== undefined) return { head: replayed.head, replayed: true };
      requireSchemaVersion(head.schemaVersion, request.schemaVersion);
      requirePreconditions(preconditions, matchedBy(rest.slice(first.length) as readonly (readonly Match[])[]));
      const plan = planChanges(request, live);
      await transaction.commit([
        ...places.flatMap((at) => close(at, plan.close, head.revision)),
        ...places.flatMap((at) => insert(at, plan.insert, head.revision)),
        ...advance(places, head, request),
        ...appendEvents(chain, [
          tuplesWritten(head, request, { closed: plan.close.length, inserted: plan.insert.length }),
        ]),
        ...keepAnswer(place, "write", idempotency, plainAnswer(head)),
      ]);
      return { head, replayed: false };
    }),
  );
}

/** What the updates come to, given which of their tuples are live, expired or not. */
function planChanges({ updates, nowMs }: WriteRequest, live: readonly LiveRow[]) {
  const liveByIndex = new Map(live.map((row) => [row.index, row]));
  const plan: { close: Tuple[]; insert: Tuple[] } = { close: [], insert: [] };
  for (const [index, { operation, tuple }] of updates.entries()) {
    const row = liveByIndex.get(index);
    if (operation === "create" && row !== undefined && !isExpired(row.expires_at_ms, nowMs))
      throw tupleAlreadyExists(tuple);
    if (operation === "touch" && row !== undefined && isSame(tuple, row)) continue;
    if (row !== undefined) plan.close.push(tuple);
    if (operation !== "delete") plan.insert.push(tuple);
  }
  return plan;
}
