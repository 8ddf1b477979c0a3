/** What went wrong, in the terms a caller can act on. Mapped once to gRPC codes, in rpc/error-map.ts. */
export type ErrorKind =
  | "invalid_argument"
  | "failed_precondition"
  | "already_exists"
  | "not_found"
  | "out_of_range"
  | "unauthenticated"
  | "permission_denied"
  | "resource_exhausted"
  | "aborted"
  | "unavailable"
  | "deadline_exceeded"
  | "cancelled"
  | "unimplemented"
  | "internal";

/**
 * Every stable reason a client may match on (`google.rpc.ErrorInfo.reason`), with its kind.
 * Reasons are API: add, never rename.
 */
export const REASONS = {
  // the request as such
  INVALID_REQUEST: "invalid_argument",
  MESSAGE_TOO_LARGE: "resource_exhausted",
  TOO_MANY_ITEMS: "invalid_argument",
  UNKNOWN_METHOD: "unimplemented",
  UNKNOWN_SERVICE: "not_found",
  // names
  INVALID_OBJECT: "invalid_argument",
  INVALID_SUBJECT: "invalid_argument",
  INVALID_TUPLE: "invalid_argument",
  UNKNOWN_DEFINITION: "failed_precondition",
  UNKNOWN_RELATION_OR_PERMISSION: "failed_precondition",
  INVALID_SUBJECT_TYPE: "invalid_argument",
  WILDCARD_NOT_ALLOWED: "invalid_argument",
  CANNOT_WRITE_PERMISSION: "invalid_argument",
  // schema
  SCHEMA_PARSE_ERROR: "invalid_argument",
  SCHEMA_TYPE_ERROR: "failed_precondition",
  SCHEMA_STRANDS_TUPLES: "failed_precondition",
  SCHEMA_CHANGED: "failed_precondition",
  SCHEMA_NOT_FOUND: "not_found",
  // writes
  DUPLICATE_UPDATE: "invalid_argument",
  TUPLE_ALREADY_EXISTS: "already_exists",
  PRECONDITION_FAILED: "failed_precondition",
  IDEMPOTENCY_KEY_REUSED: "invalid_argument",
  TOO_MANY_TUPLES_TO_DELETE: "failed_precondition",
  WRITE_CONFLICT: "aborted",
  // consistency and paging
  INVALID_TOKEN: "invalid_argument",
  TOKEN_EXPIRED: "out_of_range",
  REVISION_UNAVAILABLE: "unavailable",
  INVALID_CURSOR: "invalid_argument",
  // evaluation
  /** A caveat's context, written or asked with, has an unknown key or a value of another type. */
  INVALID_CAVEAT_CONTEXT: "invalid_argument",
  /** A caveat that a decision rests on cannot be evaluated with the context at hand. */
  CAVEAT_EVALUATION_FAILED: "failed_precondition",
  BUDGET_EXHAUSTED: "resource_exhausted",
  // caller
  UNAUTHENTICATED: "unauthenticated",
  PERMISSION_DENIED: "permission_denied",
  /** A token cannot be judged: its issuer's keys are out of reach. */
  ISSUER_KEYS_UNAVAILABLE: "unavailable",
  /** What has been revoked is not known for certain: the feed of revocations is older than its bound. */
  CREDENTIALS_UNCONFIRMED: "unavailable",
  API_TOKEN_NOT_FOUND: "not_found",
  /** It has expired or was revoked, and is good for nothing any more. */
  API_TOKEN_ENDED: "failed_precondition",
  BINDING_NOT_FOUND: "not_found",
  CLIENT_NOT_FOUND: "not_found",
  /** This server mints no tokens of its own. */
  TOKEN_SERVICE_OFF: "failed_precondition",
  /** A credential with more rights than its maker has, or a longer life than the tenant's policy allows. */
  CREDENTIAL_TOO_BROAD: "permission_denied",
  TOO_MANY_CREDENTIALS: "failed_precondition",
  /** As many revocations are live as every process keeps in memory. */
  TOO_MANY_REVOCATIONS: "resource_exhausted",
  // limits
  /** The caller or its tenant sends more than its rate. `google.rpc.RetryInfo` says when to come back. */
  RATE_LIMITED: "resource_exhausted",
  /** The process has more to do than it can. */
  OVERLOADED: "resource_exhausted",
  // tenants
  TENANT_ALREADY_EXISTS: "already_exists",
  TENANT_NOT_FOUND: "not_found",
  /** The tenant is in the middle of being moved or removed, or in no state for what was asked. */
  TENANT_STATE: "failed_precondition",
  /** This process has no maintenance connection, which moving and removing tenants takes. */
  MAINTENANCE_UNAVAILABLE: "failed_precondition",
  // audit
  // the operator
  INVALID_CONFIG: "invalid_argument",
  // the machine
  DEADLINE_EXCEEDED: "deadline_exceeded",
  CANCELLED: "cancelled",
  STORE_UNAVAILABLE: "unavailable",
  STORE_UNFIT: "failed_precondition",
  INTERNAL: "internal",
} as const satisfies Record<string, ErrorKind>;

export type ErrorReason = keyof typeof REASONS;

export interface ErrorOptions {
  /** Small, public, machine-readable facts: never a secret, never another tenant's data. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Kept for the log, never sent. */
  readonly cause?: unknown;
  /** A precise private reason for the log where the public message is deliberately vague. */
  readonly detail?: string;
  /** When it makes sense to try again, milliseconds from now; leaves as `google.rpc.RetryInfo`. */
  readonly retryAfterMs?: number;
}

/**
 * The one error of relata. `message` is public: it tells a person what is wrong, where, and what to do.
 * Foreign errors (pg, jose, grpc) are translated into it where they enter; anything else is an internal error.
 */
export class RelataError extends Error {
  override readonly name = "RelataError";
  readonly reason: ErrorReason;
  readonly metadata: Readonly<Record<string, string>>;
  /** For the log only; see ErrorOptions.detail. */
  readonly detail: string | undefined;
  /** See ErrorOptions.retryAfterMs. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: ErrorReason, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.metadata = options.metadata ?? {};
    this.detail = options.detail;
    this.retryAfterMs = options.retryAfterMs;
  }

  get kind(): ErrorKind {
    return REASONS[this.reason];
  }
}

/** The end of an exhaustive switch: a new case fails to compile here, and a broken invariant fails loudly. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
