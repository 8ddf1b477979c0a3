import { methodAccess } from "../auth/scope.ts";
import type { CallError } from "../client/call-error.ts";
import type { Connection } from "./connection.ts";
import { CliError, EXIT, type ExitCode } from "./exit.ts";
import { tokenHint } from "./token-hint.ts";
import type { Unreachable } from "./why-unreachable.ts";

/** What a gRPC status other than OK ends the process with; any other: the server refused. */
const EXIT_OF_STATUS: Readonly<Record<string, ExitCode>> = {
  CANCELLED: EXIT.unavailable,
  UNKNOWN: EXIT.internal,
  INVALID_ARGUMENT: EXIT.usage,
  DEADLINE_EXCEEDED: EXIT.unavailable,
  INTERNAL: EXIT.internal,
  UNAVAILABLE: EXIT.unavailable,
  DATA_LOSS: EXIT.internal,
};

export function exitOfCall(error: CallError): ExitCode {
  return EXIT_OF_STATUS[error.codeName] ?? EXIT.refused;
}

interface Circumstances {
  readonly nowMs: number;
  /** Where the call did not arrive and it is known why. */
  readonly why: Unreachable | undefined;
}

/** A failed call as the user meets it. */
export function serverError(error: CallError, connection: Connection, circumstances: Circumstances): CliError {
  const hint = hintOf(error, connection, circumstances);
  return new CliError(exitOfCall(error), messageOf(error, connection, circumstances), {
    where: `${connection.server} (${statusOf(error)})${isUnreachable(error) ? "" : `, request ${error.requestId}`}`,
    ...(hint !== undefined && { hint }),
    cause: error,
  });
}

function statusOf({ codeName, reason }: CallError): string {
  return reason === "" || reason === codeName ? codeName : `${codeName} ${reason}`;
}

function messageOf(error: CallError, connection: Connection, { why }: Circumstances): string {
  if (isUnreachable(error)) return why?.message ?? `no server answers at ${connection.server}`;
  if (error.codeName === "DEADLINE_EXCEEDED")
    return `no answer within ${connection.timeoutMs / 1000} s: ${error.message}`;
  return error.message;
}

function hintOf(error: CallError, connection: Connection, { why, nowMs }: Circumstances): string | undefined {
  if (isUnreachable(error)) return why?.hint ?? "start one with `relata dev`, or name another with --server HOST:PORT";
  switch (error.codeName) {
    case "UNAUTHENTICATED":
      return tokenHint(connection.token, nowMs);
    case "PERMISSION_DENIED":
      return permissionHint(error, connection);
    case "DEADLINE_EXCEEDED":
      return connection.timeoutMs < 60_000 ? "give it longer with --timeout SECONDS" : undefined;
    case "UNIMPLEMENTED":
      return "is this relata's gRPC port, and a relata of this version?";
    default:
      return error.retryAfterMs === undefined ? undefined : `try again in ${Math.ceil(error.retryAfterMs / 1000)} s`;
  }
}

/** The server tells nobody who may not call a method why not; what methods need is in the documentation. */
function permissionHint({ reason, method, message }: CallError, { tenant }: Connection): string | undefined {
  if (reason !== "" && reason !== "PERMISSION_DENIED") return undefined;
  if (message.includes("relata-tenant")) {
    return tenant === undefined
      ? "the token is good for several tenants, then name one with --tenant SLUG; or for none that is active"
      : "--tenant and RELATA_TENANT choose among the tenants that the token is good for";
  }
  const access = methodAccess(method);
  if (access === undefined || access.kind === "public" || message.includes(access.scope)) return undefined;
  const whose = { tenant: "of a tenant", platform: "of the platform", either: "" }[access.kind];
  return `it takes a token ${whose} with the scope ${access.scope}`.replace("  ", " ");
}

/** No reason of ours and UNAVAILABLE: grpc-js's own words for a server that cannot be reached. */
export function isUnreachable(error: CallError): boolean {
  return error.codeName === "UNAVAILABLE" && error.reason === "";
}
