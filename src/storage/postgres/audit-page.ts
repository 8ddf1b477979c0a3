import { sql } from "kysely";
import { canonicalText } from "../../audit/canonical.ts";
import type { AuditPage, AuditPageQuery, SealedEvent } from "../../model/audit.ts";
import type { Reader } from "./read-lanes.ts";
import type { Scope } from "./scope.ts";
import { epochMs, sqlBuilder, statementFamily, timestamp } from "./statement.ts";

/**
 * Events a page looks at when it is filtered. Only the order in time has an index: another one, of actors say, would cost every
 * write of a tuple for what is asked now and then. 20,000 events of one tuple each are 14 MB (test/audit/cost.long.ts).
 */
const LOOKED_AT = 20_000;

interface PageArgs {
  readonly chain: string;
  readonly from: string;
  readonly until: string;
  readonly afterTime: string;
  readonly afterSeq: number;
  readonly lookedAt: number;
  readonly events: readonly string[];
  readonly actor: string;
  readonly requestId: string;
  /** Empty: whatever the personal part says. */
  readonly mentions: Uint8Array;
  readonly limit: number;
}

interface EventRow {
  readonly seq: number;
  readonly recorded_at_ms: number;
  readonly event: string;
  readonly request_id: string;
  readonly body: Uint8Array;
  readonly hash: Uint8Array;
  readonly actor: string | null;
  readonly personal: Uint8Array | null;
  readonly personal_salt: Uint8Array | null;
  readonly matches: boolean;
  /** 1 for the first one looked at. */
  readonly at: number;
}

const DIRECTIONS = { forwards: ["ASC", ">"], backwards: ["DESC", "<"] } as const;
type Direction = keyof typeof DIRECTIONS;

/** The inner LIMIT bounds the work, and keeps the filter from being tried on rows that row security has not passed yet. */
const selectEvents = statementFamily<PageArgs>()(
  "audit_page",
  Object.keys(DIRECTIONS) as Direction[],
  (arg, direction) => {
    const [order, beyond] = DIRECTIONS[direction].map((word) => sql.raw(word));
    return sql<EventRow>`SELECT seq, ${epochMs("recorded_at")} AS recorded_at_ms, event, request_id, body, hash, actor,
      personal, personal_salt, matches, at
    FROM (SELECT looked_at.*, row_number() OVER (ORDER BY recorded_at ${order}, seq ${order}) AS at,
        (cardinality(${arg("events")}::text[]) = 0 OR event = ANY(${arg("events")}::text[]))
        AND (${arg("actor")}::text = '' OR coalesce(actor = ${arg("actor")}::text, false))
        AND (${arg("requestId")}::text = '' OR request_id = ${arg("requestId")}::text)
        AND (length(${arg("mentions")}::bytea) = 0 OR coalesce(position(${arg("mentions")}::bytea IN personal) > 0, false))
          AS matches
      FROM (SELECT * FROM relata.audit_event e
        WHERE e.chain = ${arg("chain")} AND (e.recorded_at, e.seq) ${beyond} (${arg("afterTime")}::timestamptz, ${arg("afterSeq")}::bigint)
          AND e.recorded_at >= ${arg("from")}::timestamptz AND e.recorded_at < ${arg("until")}::timestamptz
        ORDER BY e.recorded_at ${order}, e.seq ${order} LIMIT ${arg("lookedAt")}::int) looked_at) marked
    WHERE matches OR at = ${arg("lookedAt")}::int
    ORDER BY at LIMIT ${arg("limit")}::int`.compile(sqlBuilder);
  },
);

/** In seqs: beyond every one there can be. */
const LAST_SEQ = Number.MAX_SAFE_INTEGER;

export async function auditPage(
  reader: Reader,
  chain: string,
  scope: Scope,
  query: AuditPageQuery,
  signal: AbortSignal | undefined,
): Promise<AuditPage> {
  const { filter, oldestFirst, after, limit } = query;
  const isFiltered =
    filter.events.length > 0 ||
    filter.actor !== undefined ||
    filter.requestId !== undefined ||
    filter.mentions !== undefined;
  const lookedAt = isFiltered ? Math.max(LOOKED_AT, limit + 1) : limit + 1;
  const bound = selectEvents(oldestFirst ? "forwards" : "backwards")({
    chain,
    ...timesOf(query),
    afterSeq: after?.seq ?? (oldestFirst ? 0 : LAST_SEQ),
    lookedAt,
    events: filter.events,
    actor: filter.actor ?? "",
    requestId: filter.requestId ?? "",
    mentions: Buffer.from(
      filter.mentions === undefined ? "" : canonicalText(filter.mentions.toWellFormed()).slice(1, -1),
    ),
    limit: limit + 1,
  });
  const [rows] = await reader.read(scope, [bound], signal);
  const events = rows.filter(({ matches }) => matches).slice(0, limit);
  const goOn = rows.length > limit ? events.at(-1) : rows.find(({ at }) => at === lookedAt);
  return {
    events: events.map((row) => toEvent(chain, row)),
    ...(goOn !== undefined && { next: { recordedAtMs: goOn.recorded_at_ms, seq: goOn.seq } }),
  };
}

/** What the place to go on from rules out of the months as well, so that they are not looked at. */
function timesOf({ oldestFirst, after, fromMs, untilMs }: AuditPageQuery) {
  const place = after === undefined ? undefined : timestamp(after.recordedAtMs);
  const from = fromMs === undefined ? "-infinity" : timestamp(fromMs);
  const until = untilMs === undefined ? "infinity" : timestamp(untilMs);
  if (after === undefined || place === undefined)
    return { from, until, afterTime: oldestFirst ? "-infinity" : "infinity" };
  if (oldestFirst)
    return { from: fromMs !== undefined && fromMs > after.recordedAtMs ? from : place, until, afterTime: place };
  const next = timestamp(after.recordedAtMs + 1);
  return { from, until: untilMs !== undefined && untilMs <= after.recordedAtMs ? until : next, afterTime: place };
}

function toEvent(chain: string, row: EventRow): SealedEvent {
  return {
    chain,
    seq: row.seq,
    recordedAtMs: row.recorded_at_ms,
    event: row.event,
    requestId: row.request_id,
    body: row.body,
    hash: row.hash,
    ...(row.actor !== null && { actor: row.actor }),
    ...(row.personal !== null && { personal: row.personal }),
    ...(row.personal_salt !== null && { personalSalt: row.personal_salt }),
  };
}
