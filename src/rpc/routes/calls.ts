import type { PlatformCall, TenantCall } from "../../service/call.ts";
import type { EdgeCall } from "../edge-call.ts";

/** The verbs' view of a call, which is the call itself. One that misses a part has slipped past an interceptor: a fault, never served. */
export function platformCall(call: EdgeCall): PlatformCall {
  if (call.principal === undefined) throw new Error(`${call.procedure} reached its verb without a principal`);
  return call as EdgeCall & PlatformCall;
}

export function tenantCall(call: EdgeCall): EdgeCall & TenantCall {
  if (call.tenant === undefined) throw new Error(`${call.procedure} reached its verb without a tenant`);
  return platformCall(call) as EdgeCall & TenantCall;
}
