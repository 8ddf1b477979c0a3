import pg from "pg";
import { type ErrorReason, RelataError } from "../../errors.ts";
import { FlightError } from "./flight.ts";

const UNAVAILABLE = "The database cannot be reached or is not ready; try again.";

/** SQLSTATE → reason, by full code first and by class (two characters) after. */
const REASON_BY_STATE: Readonly<Record<string, ErrorReason>> = {
  "40001": "WRITE_CONFLICT", // serialization_failure
  "40P01": "WRITE_CONFLICT", // deadlock_detected
  "55P03": "WRITE_CONFLICT", // lock_not_available: another write of the tenant held its head for too long
  "57014": "DEADLINE_EXCEEDED", // query_canceled: statement_timeout, or a cancel request of ours
  "25P03": "DEADLINE_EXCEEDED", // idle_in_transaction_session_timeout
  "25P04": "DEADLINE_EXCEEDED", // transaction_timeout
  "22021": "INVALID_REQUEST", // character_not_in_repertoire: a NUL in a text
  "22P05": "INVALID_REQUEST", // untranslatable_character
  "08": "STORE_UNAVAILABLE", // connection exception
  "53": "STORE_UNAVAILABLE", // out of connections, memory or disk
  "57": "STORE_UNAVAILABLE", // operator intervention: shutdown, crash, starting up, database dropped
  "58": "STORE_UNAVAILABLE", // system error: I/O
  "28": "STORE_UNAVAILABLE", // the operator changed the role or password
  "3D": "STORE_UNAVAILABLE", // there is no such database (any more)
  "25006": "STORE_UNAVAILABLE", // read_only_sql_transaction: connected to a standby
};

const PUBLIC_MESSAGE: Partial<Record<ErrorReason, string>> = {
  STORE_UNAVAILABLE: UNAVAILABLE,
  WRITE_CONFLICT: "The write met another one of the same tenant; nothing was written. Try again.",
  DEADLINE_EXCEEDED: "The database did not answer in time.",
  INVALID_REQUEST: "A text holds a character that cannot be stored (NUL).",
};

/** Node's socket and resolver errors. */
const SOCKET_ERROR =
  /^(?:ECONN|EPIPE|ENOENT|EACCES|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|ENOTFOUND|EAI_|EMFILE|ENFILE)/;

/** What pg and pg-pool say, without a code, when a connection is gone, refused or too slow. */
const LOST_CONNECTION =
  /^(?:Connection terminated|Client has encountered a connection error|Client was closed|timeout expired|timeout exceeded when trying to connect|Query read timeout|Cannot use a pool after calling end|The server does not support SSL)/;

/**
 * The one place where errors of pg become errors of relata. The text of Postgres stays in `detail` and `cause`: it can
 * name values, tables and roles.
 */
export function translatePgError(error: unknown): RelataError {
  if (error instanceof RelataError) return error;
  if (error instanceof FlightError) return translatePgError(error.cause);
  const reason = reasonOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  return new RelataError(reason, PUBLIC_MESSAGE[reason] ?? "Internal error.", { cause: error, detail });
}

/** True when the connection is gone and with it the knowledge of what the server did last. */
export function isConnectionLoss(error: unknown): boolean {
  return reasonOf(error) === "STORE_UNAVAILABLE";
}

function reasonOf(error: unknown): ErrorReason {
  if (!(error instanceof Error)) return "INTERNAL";
  if (error instanceof FlightError) return reasonOf(error.cause);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (error instanceof pg.DatabaseError) {
    return REASON_BY_STATE[code] ?? REASON_BY_STATE[code.slice(0, 2)] ?? "INTERNAL";
  }
  if (SOCKET_ERROR.test(code) || LOST_CONNECTION.test(error.message)) return "STORE_UNAVAILABLE";
  // A resolver that tries several addresses throws them all together.
  if (error instanceof AggregateError) return error.errors.some(isConnectionLoss) ? "STORE_UNAVAILABLE" : "INTERNAL";
  return "INTERNAL";
}
