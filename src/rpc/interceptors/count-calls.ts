import type { ErrorKind } from "../../errors.ts";
import type { RequestMetrics } from "../../metrics/request-metrics.ts";
import type { EdgeCall, Interceptor } from "../edge-call.ts";

/** How a call ends; its place in the list is its number in the metrics. */
const CODE = {
  ok: 0,
  invalid_argument: 1,
  failed_precondition: 2,
  already_exists: 3,
  not_found: 4,
  out_of_range: 5,
  unauthenticated: 6,
  permission_denied: 7,
  resource_exhausted: 8,
  aborted: 9,
  unavailable: 10,
  deadline_exceeded: 11,
  cancelled: 12,
  unimplemented: 13,
  internal: 14,
} as const satisfies Record<ErrorKind | "ok", number>;

export const CODES: readonly string[] = Object.keys(CODE);

/** Counts every call when it ends, and how long it took. */
export function createCallCounter(metrics: Pick<RequestMetrics, "observe">): Interceptor {
  const count = (call: EdgeCall) => {
    metrics.observe(call.procedure, CODE[call.failure?.kind ?? "ok"], call.durationMs);
  };
  return (call, next) => {
    const ending = next(call);
    if (ending !== undefined) return ending.then(() => count(call));
    count(call);
    return undefined;
  };
}
