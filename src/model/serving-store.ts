import type { AuditStore } from "./audit.ts";
import type { Store } from "./store.ts";
import type { TenantLifeStore } from "./tenant-life.ts";
import type { TokenServiceStore } from "./token-service.ts";
import type { TrustStore } from "./trust-store.ts";

/** What a server needs beyond deciding: Postgres has all of it, the memory store is a plain Store. */
export interface ServingStore extends Store {
  readonly audit: AuditStore;
  readonly trust: TrustStore;
  readonly life: TenantLifeStore;
  readonly tokenService: TokenServiceStore;
}
