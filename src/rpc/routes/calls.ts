import type { PlatformCall, TenantCall } from "../../service/call.ts";
import type { EdgeCall } from "../edge-call.ts";

/** The verbs' view of a call. A call that misses a part has slipped past an interceptor: a fault, never served. */
export function platformCall(call: EdgeCall): PlatformCall {
  const { principal, requestId, signal, deadlineMs, nowMs } = call;
  if (principal === undefined) throw new Error(`${call.procedure} reached its verb without a principal`);
  return { principal, requestId, signal, deadlineMs, nowMs };
}

export function tenantCall(call: EdgeCall): TenantCall {
  if (call.tenant === undefined) throw new Error(`${call.procedure} reached its verb without a tenant`);
  return { ...platformCall(call), tenant: call.tenant };
}
