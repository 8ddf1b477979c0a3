import { sql } from "kysely";
import { canonicalText } from "../../audit/canonical.ts";
import type { ChangeOrigin } from "../../model/store.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import { chainScope } from "./audit-store.ts";
import type { Maintenance, MaintenanceSession, Send } from "./maintenance.ts";
import { patiently } from "./own-buckets.ts";
import { sqlBuilder, statement, timestamp } from "./statement.ts";

/*
 * What only the maintenance role does with the record: it drops months that were kept long enough, and erases what names
 * persons. Both leave an event in each chain concerned, without which a proof fails.
 */

export const KEPT_BY_MONTH = { events: "audit_event", decisions: "decision" } as const;
export type KeptByMonth = keyof typeof KEPT_BY_MONTH;

export interface ErasureFilter {
  /** Exactly `issuer|subject`. */
  readonly actor?: string;
  /** Text anywhere in the personal part. */
  readonly mentions?: string;
  /** Milliseconds since the epoch, inclusive. */
  readonly fromMs?: number;
  /** Exclusive. */
  readonly untilMs?: number;
}

export interface AuditRetention {
  /**
   * Drops the months that ended by `beforeMs`, oldest first, never the running one. Again after a failure goes on.
   * @param onMonth told each partition that went
   */
  prune(what: KeptByMonth, beforeMs: number, by: ChangeOrigin, onMonth: (partition: string) => void): Promise<void>;
  /** @returns in how many events */
  erase(chain: string, filter: ErasureFilter, by: ChangeOrigin, reason: string): Promise<number>;
  /** Also of tenants that have been removed. */
  tenantId(slug: string): Promise<string | undefined>;
}

const pruneMonth = statement<{ parent: string; before: string }>()("life_prune_audit_month", (arg) =>
  sql<{ readonly dropped: string | null }>`SELECT relata.prune_audit_month(${arg("parent")},
    ${arg("before")}::timestamptz) AS dropped`.compile(sqlBuilder),
);

interface UnnotedRow {
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
}
const readUnnoted = statement<{ atMost: number }>()("life_unnoted_checkpoints", (arg) =>
  sql<UnnotedRow>`SELECT chain, seq, hash FROM relata.unnoted_audit_checkpoints(${arg("atMost")}::int)`.compile(
    sqlBuilder,
  ),
);
const noteCheckpoint = statement<{ chain: string; seq: number }>()("life_note_checkpoint", (arg) =>
  sql`UPDATE relata.audit_checkpoint SET noted = true
    WHERE chain = ${arg("chain")} AND seq = ${arg("seq")}`.compile(sqlBuilder),
);

interface FindArgs {
  readonly chain: string;
  readonly afterTime: string;
  readonly afterSeq: number;
  readonly until: string;
  readonly actor: string;
  /** Empty: whatever the personal part says. */
  readonly mentions: Uint8Array;
  readonly limit: number;
}
interface FoundRow {
  readonly seq: number;
  readonly recorded_at: string;
}
const findPersonal = statement<FindArgs>()("life_find_personal", (arg) =>
  sql<FoundRow>`SELECT e.seq, e.recorded_at::text FROM relata.audit_event e
    WHERE e.chain = ${arg("chain")} AND (e.recorded_at, e.seq) > (${arg("afterTime")}::timestamptz, ${arg("afterSeq")}::bigint)
      AND e.recorded_at >= ${arg("afterTime")}::timestamptz AND e.recorded_at < ${arg("until")}::timestamptz
      AND e.personal IS NOT NULL
      AND (${arg("actor")}::text = '' OR e.actor = ${arg("actor")}::text)
      AND (length(${arg("mentions")}::bytea) = 0 OR position(${arg("mentions")}::bytea IN e.personal) > 0)
    ORDER BY e.recorded_at, e.seq LIMIT ${arg("limit")}::int`.compile(sqlBuilder),
);

interface EraseArgs {
  readonly chain: string;
  readonly times: readonly string[];
  readonly seqs: readonly number[];
}
/**
 * Looked up by their times, as a join might not be where nobody has analyzed the month; a number is found once in a chain. `+ 0`
 * keeps the numbers out of the index, which before PostgreSQL 17 is asked for every time with every number.
 */
const erasePersonal = statement<EraseArgs>()("life_erase_personal", (arg) =>
  sql<{ readonly seq: number }>`UPDATE relata.audit_event e SET actor = NULL, personal = NULL, personal_salt = NULL
    WHERE e.chain = ${arg("chain")} AND e.recorded_at = ANY (${arg("times")}::timestamptz[])
      AND e.seq + 0 = ANY (${arg("seqs")}::bigint[]) AND e.personal IS NOT NULL
    RETURNING e.seq`.compile(sqlBuilder),
);

const tenantIdOf = statement<{ slug: string }>()("life_tenant_id", (arg) =>
  sql<{ readonly id: string }>`SELECT id FROM relata.tenant WHERE slug = ${arg("slug")}`.compile(sqlBuilder),
);

const CHECKPOINTS_AT_ONCE = 1_000;
/** Events of one transaction, in which no other event of the chain gets in; their numbers are all in one event. */
const ERASED_AT_ONCE = 1_000;

export function createAuditRetention(maintenance: Maintenance): AuditRetention {
  return {
    prune: (what, beforeMs, by, onMonth) =>
      maintenance.session(async (session) => {
        const args = { parent: KEPT_BY_MONTH[what], before: timestamp(beforeMs) };
        for (;;) {
          const drop = () => session.transact({ kind: "registry" }, (send) => send([pruneMonth(args)]));
          const [[month]] = await patiently(drop, undefined);
          if (month?.dropped == null) break;
          onMonth(month.dropped);
        }
        await noteAll(session, by);
      }),
    erase: (chain, filter, by, reason) =>
      maintenance.session((session) => eraseAll(session, chain, filter, by, reason)),
    tenantId: (slug) =>
      maintenance.session(async (session) => {
        const [[row]] = await session.transact({ kind: "slug", slug }, (send) => send([tenantIdOf({ slug })]));
        return row?.id;
      }),
  };
}

/** Each chain that lost its beginning says so itself. */
async function noteAll(session: MaintenanceSession, by: ChangeOrigin): Promise<void> {
  for (;;) {
    const unnoted = readUnnoted({ atMost: CHECKPOINTS_AT_ONCE });
    const [rows] = await session.transact({ kind: "registry" }, (send) => send([unnoted]));
    for (const { chain, seq, hash } of rows)
      await session.transact(chainScope(chain), async (send) => {
        const [locked] = await send([lockChain(chain)]);
        const details = { through: seq, hash: Buffer.from(hash).toString("hex") };
        await send([
          ...appendEvents(locked, [{ event: "audit.pruned", origin: by, details }]),
          noteCheckpoint({ chain, seq }),
        ]);
      });
    if (rows.length < CHECKPOINTS_AT_ONCE) return;
  }
}

async function eraseAll(
  session: MaintenanceSession,
  chain: string,
  { actor = "", mentions, fromMs, untilMs }: ErasureFilter,
  by: ChangeOrigin,
  reason: string,
): Promise<number> {
  const args = {
    ...{ chain, actor, limit: ERASED_AT_ONCE },
    until: untilMs === undefined ? "infinity" : timestamp(untilMs),
    // As the text stands in JSON.
    mentions: Buffer.from(mentions === undefined ? "" : canonicalText(mentions.toWellFormed()).slice(1, -1)),
  };
  let [afterTime, afterSeq] = [fromMs === undefined ? "-infinity" : timestamp(fromMs), 0];
  for (let erased = 0; ; ) {
    const place = { afterTime, afterSeq };
    const [found, gone] = await session.transact(chainScope(chain), async (send) => {
      // May look at all that the chain has: before its lock, which keeps every writer of the tenant waiting.
      const [rows] = await send([findPersonal({ ...args, ...place })]);
      return [rows, rows.length === 0 ? 0 : await eraseEvents(send, chain, rows, by, reason)];
    });
    const last = found.at(-1);
    erased += gone;
    if (last === undefined || found.length < ERASED_AT_ONCE) return erased;
    [afterTime, afterSeq] = [last.recorded_at, last.seq];
  }
}

/** @returns of how many: another erasure may have been there in between */
async function eraseEvents(
  send: Send,
  chain: string,
  found: readonly FoundRow[],
  by: ChangeOrigin,
  reason: string,
): Promise<number> {
  const times = found.map(({ recorded_at }) => recorded_at);
  const [locked, gone] = await send([
    lockChain(chain),
    erasePersonal({ chain, times, seqs: found.map(({ seq }) => seq) }),
  ]);
  const seqs = gone.map(({ seq }) => seq).toSorted((a, b) => a - b);
  const details = { events: seqs.length, seqs: rangesOf(seqs) };
  const personal = reason === "" ? {} : { personal: { reason } };
  if (seqs.length > 0)
    await send(appendEvents(locked, [{ event: "personal.erased", origin: by, details, ...personal }]));
  return seqs.length;
}

/** `[3, 4, 5, 9]` as `[[3, 5], [9, 9]]`. */
function rangesOf(sorted: readonly number[]): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (const seq of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}
