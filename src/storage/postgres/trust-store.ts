import type pg from "pg";
import type { TrustStore } from "../../model/trust-store.ts";
import { announceNews } from "./announce.ts";
import { createApiTokenLookup } from "./api-token-lookup.ts";
import { createApiTokenStore } from "./api-tokens.ts";
import type { Reader } from "./read-lanes.ts";
import type { Sessions } from "./sessions.ts";
import { createBindingStore } from "./trust-bindings.ts";
import { createTrustLog, TRUST_NEWS } from "./trust-log.ts";
import { createRevocationStore } from "./trust-revocations.ts";

export interface TrustReaders {
  /** Of everybody's short reads. */
  readonly lanes: Reader;
  /** Of the feed alone. */
  readonly trustLanes: Reader;
  readonly sessions: Sessions;
  readonly config: pg.ClientConfig;
  /** Aborts when the store closes. */
  readonly closing: AbortSignal;
}

/** Tells every process that the log of trust has grown: after each commit that bumped it. A hint that is lost is one poll of delay. */
export function createTrustAnnouncer(lanes: Reader): () => void {
  return () => announceNews(lanes, TRUST_NEWS);
}

export function createTrustStore({ lanes, trustLanes, sessions, config, closing }: TrustReaders): TrustStore {
  const announce = createTrustAnnouncer(lanes);
  return {
    log: createTrustLog(trustLanes, config, closing),
    bindings: createBindingStore(sessions, announce),
    revocations: createRevocationStore(sessions, announce),
    apiTokens: createApiTokenStore(sessions, announce),
    apiTokenLookup: createApiTokenLookup(lanes, sessions),
  };
}
