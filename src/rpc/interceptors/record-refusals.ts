import type { Refusal, RefusalLog } from "../../model/audit.ts";
import type { EdgeCall, Interceptor } from "../edge-call.ts";
import type { Failure } from "../error-map.ts";
import { TENANT_HEADER } from "./admit.ts";

/** Codes of auth/admission.ts that tell of somebody who reaches for a tenant. */
const ABOUT_TENANTS: ReadonlySet<string> = new Set(["tenant_not_granted", "tenant_unknown", "tenant_suspended"]);

/** Puts callers who were turned away on record. Asked once a call has ended, and only of those that failed. */
export function createRecordRefusals(log: RefusalLog): Interceptor {
  const look = (call: EdgeCall) => {
    if (call.failure !== undefined) recordRefusal(log, call, call.failure);
  };
  return (call, next) => {
    const ending = next(call);
    if (ending !== undefined) return ending.then(() => look(call));
    look(call);
    return undefined;
  };
}

function recordRefusal(log: RefusalLog, call: EdgeCall, failure: Failure): void {
  const { principal } = call;
  const tenant = call.transport.header(TENANT_HEADER);
  const refusal = refusalOf(failure, {
    method: call.procedure,
    requestId: call.requestId,
    address: call.address,
    ...(principal !== undefined && { actor: principal.actor, credential: principal.credential }),
    ...(tenant !== undefined && { tenant: tenant.slice(0, MAX_TENANT) }),
  });
  if (refusal !== undefined) log.record(refusal);
}

/** Of limits/credential-guard.ts. */
const NOT_LOOKED_AT = "credential_not_looked_at";

/** A slug has 63 characters; what is longer is none, and its beginning tells as much. */
const MAX_TENANT = 100;

/** @returns undefined for a failure that turned nobody away */
export function refusalOf(failure: Failure, about: Omit<Refusal, "event" | "reason">): Refusal | undefined {
  const { kind, detail = "" } = failure;
  // Turned away unseen, for its address has shown too many that were no good: what the storm was like belongs on record.
  if (detail === NOT_LOOKED_AT) return { ...about, event: "authentication.refused", reason: NOT_LOOKED_AT };
  if (kind !== "unauthenticated" && kind !== "permission_denied") return undefined;
  // Of the private reason only the code: what comes behind it may quote the caller.
  const reason = /^[a-z_]{1,64}(?=:|$)/.exec(detail)?.[0] ?? "unknown";
  if (kind === "unauthenticated") return { ...about, event: "authentication.refused", reason };
  return { ...about, event: ABOUT_TENANTS.has(reason) ? "tenant.refused" : "scope.refused", reason };
}
