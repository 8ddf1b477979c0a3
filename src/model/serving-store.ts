import type { AuditStore } from "./audit.ts";
import type { Store } from "./store.ts";
import type { TokenServiceStore } from "./token-service.ts";
import type { TrustStore } from "./trust-store.ts";

/** What a server needs beyond deciding: Postgres has all of it, the memory store is a plain Store. */
export interface ServingStore extends Store {
  readonly audit: AuditStore;
  readonly trust: TrustStore;
  readonly tokenService: TokenServiceStore;
}
