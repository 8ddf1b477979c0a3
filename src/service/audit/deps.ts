import type { HeadKey } from "../../audit/signed-head.ts";
import { type AuditStore, PLATFORM_CHAIN } from "../../model/audit.ts";
import type { Tenant } from "../../model/tenant.ts";
import type { PlatformCall } from "../call.ts";
import type { Sealer } from "../seal.ts";

/** What the verbs of the audit are made of. */
export interface AuditDeps {
  readonly audit: AuditStore;
  readonly sealer: Sealer;
  /** The first signs heads; all are trusted. */
  readonly headKeys: readonly HeadKey[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A call of a principal of a tenant, in its tenant, or of a platform principal, in none. */
export interface EitherCall extends PlatformCall {
  readonly tenant: Tenant | undefined;
}

/** A tenant reads its own chain and no other; the platform reads the platform's. */
export function chainOf(call: EitherCall): string {
  return call.tenant?.id ?? PLATFORM_CHAIN;
}
