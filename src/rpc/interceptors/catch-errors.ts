import { RelataError } from "../../errors.ts";
import type { EdgeCall, Interceptor } from "../edge-call.ts";
import { toFailure } from "../error-map.ts";

/** Turns whatever was thrown into the call's failure. */
export const catchErrors: Interceptor = (call, next) => {
  try {
    return next(call)?.catch((error: unknown) => fail(call, error));
  } catch (error) {
    fail(call, error);
    return undefined;
  }
};

function fail(call: EdgeCall, error: unknown): void {
  call.failure = toFailure(causeOf(error, call), call.requestId);
}

/** Once a call is aborted, what its parts die of is a consequence: the reason it was aborted for is the error. */
function causeOf(error: unknown, call: EdgeCall): unknown {
  const consequence = !(error instanceof RelataError) || error.reason === "CANCELLED";
  const reason = call.abortedFor;
  return consequence && reason instanceof RelataError ? reason : error;
}
