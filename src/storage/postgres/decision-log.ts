import { sql } from "kysely";
import type { DecisionPage, DecisionPageQuery, LoggedDecision } from "../../model/audit.ts";
import type { Reader } from "./read-lanes.ts";
import { type Bound, epochMs, sqlBuilder, statement, timestamp } from "./statement.ts";

/** As in audit-page.ts: decisions have one index, their order in time. They are a third as large as events. */
const LOOKED_AT = 50_000;

interface InsertArgs {
  readonly tenantId: string;
  readonly decidedAt: readonly string[];
  readonly number: readonly number[];
  readonly method: readonly string[];
  readonly actor: readonly string[];
  readonly requestId: readonly string[];
  readonly object: readonly string[];
  readonly permission: readonly string[];
  readonly subject: readonly string[];
  readonly outcome: readonly string[];
  readonly revision: readonly number[];
}

const insertDecisionsStatement = statement<InsertArgs>()("insert_decisions", (arg) =>
  sql`INSERT INTO relata.decision
      (tenant_id, decided_at, number, method, actor, request_id, object, permission, subject, outcome, revision)
    SELECT ${arg("tenantId")}::uuid, d.* FROM unnest(${arg("decidedAt")}::timestamptz[], ${arg("number")}::bigint[],
      ${arg("method")}::text[], ${arg("actor")}::text[], ${arg("requestId")}::text[], ${arg("object")}::text[],
      ${arg("permission")}::text[], ${arg("subject")}::text[], ${arg("outcome")}::text[], ${arg("revision")}::bigint[]) d`.compile(
    sqlBuilder,
  ),
);

interface PageArgs {
  readonly tenantId: string;
  readonly from: string;
  readonly until: string;
  readonly beforeTime: string;
  readonly beforeNumber: number;
  readonly lookedAt: number;
  readonly actor: string;
  readonly outcome: string;
  readonly object: string;
  readonly subject: string;
  readonly limit: number;
}

interface DecisionRow {
  readonly decided_at_ms: number;
  readonly number: number;
  readonly method: string;
  readonly actor: string;
  readonly request_id: string;
  readonly object: string;
  readonly permission: string;
  readonly subject: string;
  readonly outcome: string;
  readonly revision: number;
  readonly matches: boolean;
  readonly at: number;
}

const selectDecisions = statement<PageArgs>()("decision_page", (arg) =>
  sql<DecisionRow>`SELECT ${epochMs("decided_at")} AS decided_at_ms, number, method, actor, request_id, object, permission,
      subject, outcome, revision, matches, at
    FROM (SELECT looked_at.*, row_number() OVER (ORDER BY decided_at DESC, number DESC) AS at,
        (${arg("actor")}::text = '' OR actor = ${arg("actor")}::text)
        AND (${arg("outcome")}::text = '' OR outcome = ${arg("outcome")}::text)
        AND (${arg("object")}::text = '' OR object = ${arg("object")}::text)
        AND (${arg("subject")}::text = '' OR subject = ${arg("subject")}::text) AS matches
      FROM (SELECT * FROM relata.decision d
        WHERE d.tenant_id = ${arg("tenantId")}
          AND (d.decided_at, d.number) < (${arg("beforeTime")}::timestamptz, ${arg("beforeNumber")}::bigint)
          AND d.decided_at >= ${arg("from")}::timestamptz AND d.decided_at < ${arg("until")}::timestamptz
        ORDER BY d.decided_at DESC, d.number DESC LIMIT ${arg("lookedAt")}::int) looked_at) marked
    WHERE matches OR at = ${arg("lookedAt")}::int
    ORDER BY at LIMIT ${arg("limit")}::int`.compile(sqlBuilder),
);

export function insertDecisions(tenantId: string, decisions: readonly LoggedDecision[]): Bound {
  return insertDecisionsStatement({
    tenantId,
    decidedAt: decisions.map(({ decidedAtMs }) => timestamp(decidedAtMs)),
    number: decisions.map(({ number }) => number),
    method: decisions.map(({ method }) => method),
    actor: decisions.map(({ actor }) => actor),
    requestId: decisions.map(({ requestId }) => requestId),
    object: decisions.map(({ object }) => object),
    permission: decisions.map(({ permission }) => permission),
    subject: decisions.map(({ subject }) => subject),
    outcome: decisions.map(({ outcome }) => outcome),
    revision: decisions.map(({ revision }) => revision),
  });
}

/** Newest first. */
export async function readDecisions(
  reader: Reader,
  tenantId: string,
  query: DecisionPageQuery,
  signal: AbortSignal | undefined,
): Promise<DecisionPage> {
  const { actor = "", outcome = "", object = "", subject = "", before, fromMs, untilMs, limit } = query;
  const isFiltered = actor + outcome + object + subject !== "";
  const lookedAt = isFiltered ? Math.max(LOOKED_AT, limit + 1) : limit + 1;
  const last = Math.min(untilMs ?? Number.POSITIVE_INFINITY, before === undefined ? Infinity : before.decidedAtMs + 1);
  const bound = selectDecisions({
    tenantId,
    from: fromMs === undefined ? "-infinity" : timestamp(fromMs),
    until: last === Number.POSITIVE_INFINITY ? "infinity" : timestamp(last),
    beforeTime: before === undefined ? "infinity" : timestamp(before.decidedAtMs),
    beforeNumber: before?.number ?? 0,
    lookedAt,
    actor,
    outcome,
    object,
    subject,
    limit: limit + 1,
  });
  const [rows] = await reader.read({ kind: "tenant", tenantId }, [bound], signal);
  const found = rows.filter(({ matches }) => matches).slice(0, limit);
  const goOn = rows.length > limit ? found.at(-1) : rows.find(({ at }) => at === lookedAt);
  return {
    decisions: found.map(toDecision),
    ...(goOn !== undefined && { next: { decidedAtMs: goOn.decided_at_ms, number: goOn.number } }),
  };
}

function toDecision(row: DecisionRow): LoggedDecision {
  const { number, method, actor, object, permission, subject, outcome, revision } = row;
  const decision = { number, method, actor, object, permission, subject, outcome, revision };
  return { ...decision, decidedAtMs: row.decided_at_ms, requestId: row.request_id };
}
