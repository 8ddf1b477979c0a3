import { sql } from "kysely";
import { sealEvent } from "../../audit/event.ts";
import { RelataError } from "../../errors.ts";
import type { AuditDraft, SealedEvent } from "../../model/audit.ts";
import { type Bound, sqlBuilder, statement, timestamp } from "./statement.ts";

/** The newest event of a chain that is locked until the transaction ends, and the instant that the next ones get. */
export interface LockedChain {
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly now_ms: number;
}

const lockChainStatement = statement<{ chain: string }>()("lock_audit_chain", (arg) =>
  sql<LockedChain>`SELECT ${arg("chain")} AS chain, seq, hash, now_ms
    FROM relata.lock_audit_chain(${arg("chain")}::uuid)`.compile(sqlBuilder),
);

interface EventArgs {
  readonly chain: string;
  readonly seq: number;
  readonly recordedAt: string;
  readonly event: string;
  readonly requestId: string;
  readonly body: Uint8Array;
  readonly hash: Uint8Array;
  readonly actor: string | null;
  readonly personal: Uint8Array | null;
  readonly personalSalt: Uint8Array | null;
}

/** The chain's head moves with it (migration 0007), or it is refused. */
const insertEvent = statement<EventArgs>()("insert_audit_event", (arg) =>
  sql`INSERT INTO relata.audit_event
      (chain, seq, recorded_at, event, request_id, body, hash, actor, personal, personal_salt)
    VALUES (${arg("chain")}, ${arg("seq")}, ${arg("recordedAt")}, ${arg("event")}, ${arg("requestId")}, ${arg("body")},
      ${arg("hash")}, ${arg("actor")}, ${arg("personal")}, ${arg("personalSalt")})`.compile(sqlBuilder),
);

/**
 * Goes in a transaction's first flight, behind the lock of what is changed. Where a transaction locks several, the order is:
 * tenant, tenant_head, the tenant's chain, the platform's chain, trust_head.
 * @param chain the tenant's id, or PLATFORM_CHAIN, which takes the scope `registry`.
 */
export function lockChain(chain: string): Bound<LockedChain> {
  return lockChainStatement({ chain });
}

/** Goes in its last flight: no round trip of its own. */
export function appendEvents(locked: readonly LockedChain[], drafts: readonly AuditDraft[]): readonly Bound[] {
  const [chain] = locked;
  if (chain === undefined) throw new RelataError("INTERNAL", "Internal error.", { detail: "no audit chain is locked" });
  let { seq, hash: previousHash } = chain;
  return drafts.map((draft) => {
    seq += 1;
    const event = sealEvent({ chain: chain.chain, seq, previousHash, recordedAtMs: chain.now_ms }, draft);
    previousHash = event.hash;
    return bindEvent(event);
  });
}

function bindEvent(event: SealedEvent): Bound {
  const { chain, seq, requestId, body, hash } = event;
  return insertEvent({
    chain,
    seq,
    recordedAt: timestamp(event.recordedAtMs),
    event: event.event,
    requestId,
    body,
    hash,
    actor: event.actor ?? null,
    personal: event.personal ?? null,
    personalSalt: event.personalSalt ?? null,
  });
}
