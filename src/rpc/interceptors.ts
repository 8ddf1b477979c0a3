import type { Authenticator } from "../auth/authenticate.ts";
import type { Logger } from "../log.ts";
import type { RequestMetrics } from "../metrics/request-metrics.ts";
import type { RefusalLog } from "../model/audit.ts";
import type { CallTally } from "../service/tenant-life/call-tally.ts";
import type { Interceptor } from "./edge-call.ts";
import { createAccessLog, createFailureLog } from "./interceptors/access-log.ts";
import { createAdmit, type FindTenant } from "./interceptors/admit.ts";
import { createAuthenticate } from "./interceptors/authenticate.ts";
import { catchErrors } from "./interceptors/catch-errors.ts";
import { createCallCounter } from "./interceptors/count-calls.ts";
import { createUsageCounter } from "./interceptors/count-usage.ts";
import { createDeadline, type DeadlineSettings } from "./interceptors/deadline.ts";
import { createRecordRefusals } from "./interceptors/record-refusals.ts";
import { requestId } from "./interceptors/request-id.ts";
import { createStayAdmitted } from "./interceptors/stay-admitted.ts";
import type { CallLimits } from "./limits/call-limits.ts";

export interface InterceptorOptions extends DeadlineSettings {
  readonly authenticator: Pick<Authenticator, "authenticate" | "recall">;
  readonly findTenant: FindTenant;
  readonly log: Logger;
  /** Where callers who are turned away are put on record. Left out: nowhere. */
  readonly refusals?: RefusalLog;
  /** Left out: nobody is limited. */
  readonly limits?: Pick<CallLimits, "interceptor">;
  /** Left out: nobody counts. */
  readonly requests?: Pick<RequestMetrics, "observe">;
  /** Left out: nobody adds up what tenants call. */
  readonly tally?: Pick<CallTally, "count">;
}

/** What every call of relata's own API passes, outermost first. The order is the security of the edge. */
export function guardedInterceptors(options: InterceptorOptions): readonly Interceptor[] {
  const { requests, refusals } = options;
  return [
    requestId,
    ...(requests === undefined ? [] : [createCallCounter(requests)]),
    createAccessLog(options.log),
    ...(refusals === undefined ? [] : [createRecordRefusals(refusals)]),
    catchErrors,
    createDeadline(options),
    createAuthenticate(options.authenticator),
    createAdmit(options.findTenant),
    createStayAdmitted(options.authenticator, options.findTenant),
    ...(options.tally === undefined ? [] : [createUsageCounter(options.tally)]),
    ...(options.limits === undefined ? [] : [options.limits.interceptor]),
  ];
}

/** For health and reflection, which anybody may call and which may stay open for days. */
export function openInterceptors(options: Pick<InterceptorOptions, "log">): readonly Interceptor[] {
  return [requestId, createFailureLog(options.log), catchErrors];
}
