import { sql } from "kysely";
import type pg from "pg";
import type { TrustChange, TrustLog, TrustPage, TrustPosition } from "../../model/trust-store.ts";
import { listenOnChannel } from "./listen.ts";
import type { Reader } from "./read-lanes.ts";
import { sqlBuilder, statement } from "./statement.ts";
import { readBindingPage, readBindingsByKey } from "./trust-bindings.ts";
import { readRevocationPage, readRevocationsById } from "./trust-revocations.ts";

const readEnd = statement()("trust_log_end", () =>
  sql<TrustPosition>`SELECT c.version, c.mark FROM relata.trust_head h
    CROSS JOIN LATERAL (SELECT c.version, c.mark FROM relata.trust_change c WHERE c.version = h.version LIMIT 1) c
    WHERE h.one`.compile(sqlBuilder),
);

/** From the position's own row on, which tells whether this is still the history that the reader knows. */
const readSince = statement<{ version: number; limit: number }>()("trust_log_since", (arg) =>
  sql<TrustChange>`SELECT version, mark, kind, key FROM relata.trust_change
    WHERE version >= ${arg("version")} ORDER BY version LIMIT ${arg("limit")}`.compile(sqlBuilder),
);

/** What NOTIFY says when there is something new: no tenant's id, so readers of tenants' changes pass over it. */
export const TRUST_NEWS = "trust";

/** @param lanes of its own: whether a credential still holds must not wait behind anybody's reads */
export function createTrustLog(lanes: Reader, config: pg.ClientConfig, closing: AbortSignal): TrustLog {
  const trust = { kind: "trust" } as const;
  return {
    async end(signal) {
      const [[position]] = await lanes.read(trust, [readEnd({})], signal);
      if (position === undefined) throw new Error("the log of trust has no end: migration 0008 was not applied whole");
      return position;
    },
    async since({ version, mark }, limit, signal): Promise<TrustPage> {
      const [rows] = await lanes.read(trust, [readSince({ version, limit: limit + 1 })], signal);
      const [own, ...changes] = rows;
      return { continues: own?.version === version && own.mark === mark, changes, complete: rows.length <= limit };
    },
    bindings: (after, limit, signal) => readBindingPage(lanes, trust, { after, limit }, signal),
    bindingsByKey: (keys, signal) => readBindingsByKey(lanes, keys, signal),
    revocations: (page, signal) => readRevocationPage(lanes, trust, page, signal),
    revocationsById: (ids, signal) => readRevocationsById(lanes, ids, signal),
    listen(heard, signal) {
      // Also when the connection is new: what was announced before is not heard.
      const onNews = (payload: string | undefined) => {
        if (payload === undefined || payload === TRUST_NEWS) heard();
      };
      listenOnChannel(config, onNews, AbortSignal.any([signal, closing]));
    },
  };
}
