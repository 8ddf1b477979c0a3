import { type ErrorKind, type ErrorReason, RelataError } from "../errors.ts";

/** https://grpc.io/docs/guides/status-codes/ */
export const GRPC_CODES = {
  invalid_argument: 3,
  failed_precondition: 9,
  already_exists: 6,
  not_found: 5,
  out_of_range: 11,
  unauthenticated: 16,
  permission_denied: 7,
  resource_exhausted: 8,
  aborted: 10,
  unavailable: 14,
  deadline_exceeded: 4,
  cancelled: 1,
  unimplemented: 12,
  internal: 13,
} as const satisfies Record<ErrorKind, number>;

/** `google.rpc.ErrorInfo.domain` of every reason. */
export const ERROR_DOMAIN = "relata.dev";

/** A failed call as it is sent and logged. */
export interface Failure {
  readonly kind: ErrorKind;
  readonly code: number;
  readonly reason: ErrorReason;
  /** Public. */
  readonly message: string;
  /** Public. */
  readonly metadata: Readonly<Record<string, string>>;
  /** When to come back, milliseconds; undefined where that is for the caller to know. */
  readonly retryAfterMs: number | undefined;
  /** For the log only. */
  readonly detail: string | undefined;
  /** For the log only. */
  readonly cause: unknown;
}

/** Everything a call can fail with, as one of relata's reasons. Whatever was not foreseen is an internal error. */
export function toFailure(error: unknown, requestId: string): Failure {
  if (!(error instanceof RelataError) || error.kind === "internal") return internalFailure(error, requestId);
  return {
    kind: error.kind,
    code: GRPC_CODES[error.kind],
    reason: error.reason,
    message: error.message,
    metadata: error.metadata,
    retryAfterMs: error.retryAfterMs,
    detail: error.detail,
    cause: error.cause,
  };
}

function internalFailure(error: unknown, requestId: string): Failure {
  return {
    kind: "internal",
    code: GRPC_CODES.internal,
    reason: "INTERNAL",
    message: `internal error; the server's log has more under request id ${requestId}`,
    metadata: {},
    retryAfterMs: undefined,
    detail: error instanceof RelataError ? (error.detail ?? error.message) : undefined,
    cause: error,
  };
}
