import { RelataError } from "../../errors.ts";
import type { EdgeCall, Interceptor } from "../edge-call.ts";
import { toFailure } from "../error-map.ts";

/** Turns whatever was thrown into the call's failure. */
export const catchErrors: Interceptor = async (call, next) => {
  try {
    await next();
  } catch (error) {
    call.failure = toFailure(causeOf(error, call), call.requestId);
  }
};

/** Once a call is aborted, what its parts die of is a consequence: the reason it was aborted for is the error. */
function causeOf(error: unknown, call: EdgeCall): unknown {
  const consequence = !(error instanceof RelataError) || error.reason === "CANCELLED";
  const reason: unknown = call.signal.reason;
  return consequence && call.signal.aborted && reason instanceof RelataError ? reason : error;
}
