import type { ApiTokenLookup } from "../../model/api-token.ts";
import { findApiToken, recordUses, toApiToken } from "./api-token-statements.ts";
import type { Reader } from "./read-lanes.ts";
import type { Sessions } from "./sessions.ts";
import { timestamp } from "./statement.ts";

const TRUST = { kind: "trust" } as const;

export function createApiTokenLookup(lanes: Reader, sessions: Sessions): ApiTokenLookup {
  return {
    async find(keyId) {
      const [[row]] = await lanes.read(TRUST, [findApiToken({ keyId })]);
      return row && { token: toApiToken(row), digest: row.digest, slug: row.slug ?? undefined };
    },
    async recordUses(uses) {
      const statement = recordUses({
        keyId: uses.map(({ keyId }) => keyId),
        tenantId: uses.map(({ tenantId }) => tenantId),
        usedAt: uses.map(({ atMs }) => timestamp(atMs)),
        usedFrom: uses.map(({ address }) => address),
      });
      await sessions.transact(TRUST, (transaction) => transaction.commit([statement]));
    },
  };
}
