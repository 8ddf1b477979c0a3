import { sql } from "kysely";
import { type AuditStore, type ChainPosition, PLATFORM_CHAIN } from "../../model/audit.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import { auditPage } from "./audit-page.ts";
import { insertDecisions, readDecisions } from "./decision-log.ts";
import type { Reader } from "./read-lanes.ts";
import type { Scope } from "./scope.ts";
import type { Sessions } from "./sessions.ts";
import { epochMs, sqlBuilder, statement, timestamp } from "./statement.ts";

const readChainHead = statement<{ chain: string }>()("read_audit_chain", (arg) =>
  sqlBuilder
    .selectFrom("relata.audit_chain as c")
    .select(["c.seq", "c.hash", epochMs("c.recorded_at").as("recorded_at_ms")])
    .where("c.chain", "=", arg("chain"))
    .compile(),
);

const readCheckpoint = statement<{ chain: string }>()("read_audit_checkpoint", (arg) =>
  sqlBuilder
    .selectFrom("relata.audit_checkpoint as c")
    .select(["c.seq", "c.hash", epochMs("c.recorded_at").as("recorded_at_ms"), "c.noted"])
    .where("c.chain", "=", arg("chain"))
    .orderBy("c.seq", "desc")
    .limit(1)
    .compile(),
);

/** Walks the chain's keys, of which it knows the last part only: for the beginning of a proof, not for each step. */
const readPosition = statement<{ chain: string; seq: number }>()("read_audit_position", (arg) =>
  sqlBuilder
    .selectFrom("relata.audit_event as e")
    .select(["e.seq", "e.hash", epochMs("e.recorded_at").as("recorded_at_ms")])
    .where("e.chain", "=", arg("chain"))
    .where("e.seq", "=", arg("seq"))
    .limit(1)
    .compile(),
);

/** By an index of these events alone. */
const readErasures = statement<{ chain: string; afterTime: string; afterSeq: number }>()("read_audit_erasures", (arg) =>
  sql<{ readonly body: Uint8Array }>`SELECT e.body FROM relata.audit_event e
    WHERE e.chain = ${arg("chain")} AND e.event = 'personal.erased'
      AND e.recorded_at >= ${arg("afterTime")}::timestamptz
      AND (e.recorded_at, e.seq) > (${arg("afterTime")}::timestamptz, ${arg("afterSeq")}::bigint)
    ORDER BY e.recorded_at, e.seq`.compile(sqlBuilder),
);

const ensurePartitions = statement<Record<never, never>>()("ensure_audit_partitions", () =>
  sql`SELECT relata.ensure_audit_partitions()`.compile(sqlBuilder),
);

interface PositionRow {
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly recorded_at_ms: number;
}

export function createAuditStore(lanes: Reader, sessions: Sessions): AuditStore {
  return {
    append: (chain, drafts) =>
      sessions.transact(chainScope(chain), async (transaction) => {
        const [locked] = await transaction.begin([lockChain(chain)]);
        await transaction.commit(appendEvents(locked, drafts));
      }),
    async head(chain) {
      const [[row]] = await lanes.read(chainScope(chain), [readChainHead({ chain })]);
      return row === undefined || row.seq === 0 ? undefined : toPosition(row);
    },
    async checkpoint(chain) {
      const [[row]] = await lanes.read(chainScope(chain), [readCheckpoint({ chain })]);
      return row && { ...toPosition(row), isNoted: row.noted };
    },
    async position(chain, seq) {
      const [[row]] = await sessions.read(chainScope(chain), [readPosition({ chain, seq })]);
      return row && toPosition(row);
    },
    async erasures(chain, { recordedAtMs, seq }) {
      const afterTime = timestamp(recordedAtMs);
      const [rows] = await sessions.read(chainScope(chain), [readErasures({ chain, afterTime, afterSeq: seq })]);
      return rows.map(({ body }) => body);
    },
    page: (chain, query, signal) => auditPage(sessions, chain, chainScope(chain), query, signal),
    logDecisions: (tenantId, decisions) =>
      sessions.transact({ kind: "tenant", tenantId }, async (transaction) => {
        await transaction.commit([insertDecisions(tenantId, decisions)]);
      }),
    decisions: (tenantId, query, signal) => readDecisions(sessions, tenantId, query, signal),
    preparePartitions: () =>
      sessions.transact({ kind: "registry" }, async (transaction) => {
        await transaction.commit([ensurePartitions({})]);
      }),
  };
}

/** Where the chain's rows are seen. */
export function chainScope(chain: string): Scope {
  return chain === PLATFORM_CHAIN ? { kind: "registry" } : { kind: "tenant", tenantId: chain };
}

function toPosition(row: PositionRow): ChainPosition {
  return { seq: row.seq, hash: row.hash, recordedAtMs: row.recorded_at_ms };
}
