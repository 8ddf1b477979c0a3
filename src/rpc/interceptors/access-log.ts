import { type ErrorKind, type ErrorReason, RelataError } from "../../errors.ts";
import type { LogFields, Logger } from "../../log.ts";
import type { EdgeCall, Ending, Interceptor, Pipeline } from "../edge-call.ts";
import type { Failure } from "../error-map.ts";

/** A fault of the machine, a caller to look at, or an ordinary day. */
const LEVELS: Partial<Record<ErrorKind, "warn" | "error">> = {
  internal: "error",
  unavailable: "error",
  unauthenticated: "warn",
  permission_denied: "warn",
};

/** What these tell a caller may quote a caveat's context, which is nothing for a log. */
const QUOTING: ReadonlySet<ErrorReason> = new Set(["INVALID_CAVEAT_CONTEXT", "CAVEAT_EVALUATION_FAILED"]);
const MAX_MESSAGE_CHARACTERS = 500;

/** One line per call when it ends, with what the caller was told and the private reason; never a header's value or a token. */
export function createAccessLog(log: Logger): Interceptor {
  const line = (call: EdgeCall) => logCall(log, call);
  return (call, next) => afterwards(call, next, line);
}

/** The same without a line for each call that went well, for methods that machines ask every few seconds. */
export function createFailureLog(log: Logger): Interceptor {
  const line = (call: EdgeCall) => {
    if (call.failure !== undefined && call.failure.kind !== "cancelled") logCall(log, call);
  };
  return (call, next) => afterwards(call, next, line);
}

/** `next` is the interceptor that catches everything: it does not fail. */
function afterwards(call: EdgeCall, next: Pipeline, act: (call: EdgeCall) => void): Ending {
  const ending = next(call);
  if (ending !== undefined) return ending.then(() => act(call));
  act(call);
  return undefined;
}

function logCall(log: Logger, call: EdgeCall): void {
  const fields = {
    method: call.procedure,
    protocol: call.transport.protocol,
    requestId: call.requestId,
    tenant: call.tenant?.slug,
    actor: call.principal?.actor,
    ...(call.failure === undefined ? OK : { address: call.address, ...outcomeFields(call.failure) }),
    ms: Math.round(call.durationMs * 100) / 100,
  };
  const level = call.failure === undefined ? "info" : (LEVELS[call.failure.kind] ?? "info");
  log[level](fields, "call");
}

const OK: LogFields = { code: "ok" };

export function outcomeFields(failure: Failure): LogFields {
  const { kind, reason, message, metadata, detail, cause } = failure;
  const quotes = QUOTING.has(reason);
  return {
    code: kind,
    reason,
    ...(quotes ? { metadata } : { message: message.slice(0, MAX_MESSAGE_CHARACTERS) }),
    ...(detail === undefined ? {} : { detail }),
    // The way to a refusal of our own leads through our own code and says nothing.
    ...(cause instanceof Error && !(cause instanceof RelataError) && !quotes
      ? { error: cause.stack ?? cause.message }
      : {}),
  };
}
