import type { Access } from "../model/access.ts";
import type { Principal } from "../model/principal.ts";
import type { Tenant } from "../model/tenant.ts";

/** Who calls, in which request, and until when. Made by the edge once the caller is proved. */
export interface PlatformCall {
  readonly principal: Principal;
  /** What the principal may do in the tenant of this call, or on the platform. */
  readonly access: Access;
  readonly requestId: string;
  /** IP address of the caller, as its connection or a trusted proxy has it; empty when unknown. */
  readonly address: string;
  /** Aborted with a RelataError as its reason: CANCELLED by the caller, or DEADLINE_EXCEEDED. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** The one instant this call is evaluated at, milliseconds since the epoch. */
  readonly nowMs: number;
}

/** A call inside the tenant that the caller's identity fixed. Verbs take the tenant from here and from nowhere else. */
export interface TenantCall extends PlatformCall {
  readonly tenant: Tenant;
}
