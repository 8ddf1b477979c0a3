import { type AuditStore, PLATFORM_CHAIN } from "../../model/audit.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import type { Reader } from "./read-lanes.ts";
import type { Scope } from "./scope.ts";
import type { Sessions } from "./sessions.ts";
import { epochMs, sqlBuilder, statement } from "./statement.ts";

const readChainHead = statement<{ chain: string }>()("read_audit_chain", (arg) =>
  sqlBuilder
    .selectFrom("relata.audit_chain as c")
    .select(["c.seq", "c.hash", epochMs("c.recorded_at").as("recorded_at_ms")])
    .where("c.chain", "=", arg("chain"))
    .compile(),
);

export function createAuditStore(lanes: Reader, sessions: Sessions): AuditStore {
  return {
    append: (chain, drafts) =>
      sessions.transact(chainScope(chain), async (transaction) => {
        const [locked] = await transaction.begin([lockChain(chain)]);
        await transaction.commit(appendEvents(locked, drafts));
      }),
    async head(chain) {
      const [[row]] = await lanes.read(chainScope(chain), [readChainHead({ chain })]);
      return row && { seq: row.seq, hash: row.hash, recordedAtMs: row.recorded_at_ms };
    },
  };
}

/** Where the chain's rows are seen. */
export function chainScope(chain: string): Scope {
  return chain === PLATFORM_CHAIN ? { kind: "registry" } : { kind: "tenant", tenantId: chain };
}
