import type { CallError } from "../client/call-error.ts";
import type { Connection } from "./connection.ts";
import { CliError, EXIT, type ExitCode } from "./exit.ts";

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

/** A failed call as the user meets it. */
export function serverError(error: CallError, connection: Connection): CliError {
  const hint = hintOf(error, connection);
  return new CliError(exitOfCall(error), messageOf(error, connection), {
    where: `${connection.server} (${statusOf(error)})${isUnreachable(error) ? "" : `, request ${error.requestId}`}`,
    ...(hint !== undefined && { hint }),
    cause: error,
  });
}

function statusOf({ codeName, reason }: CallError): string {
  return reason === "" || reason === codeName ? codeName : `${codeName} ${reason}`;
}

function messageOf(error: CallError, connection: Connection): string {
  if (isUnreachable(error)) return `no server answers at ${connection.server}`;
  if (error.codeName === "DEADLINE_EXCEEDED")
    return `no answer within ${connection.timeoutMs / 1000} s: ${error.message}`;
  return error.message;
}

function hintOf(error: CallError, connection: Connection): string | undefined {
  if (isUnreachable(error)) return "start one with `relata dev`, or name another with --server HOST:PORT";
  switch (error.codeName) {
    case "UNAUTHENTICATED":
      return "the token is expired, not for this server, or not from an issuer it trusts";
    case "DEADLINE_EXCEEDED":
      return connection.timeoutMs < 60_000 ? "give it longer with --timeout SECONDS" : undefined;
    case "UNIMPLEMENTED":
      return "is this relata's gRPC port, and a relata of this version?";
    default:
      return undefined;
  }
}

/** No reason of ours and UNAVAILABLE: grpc-js's own words for a server that cannot be reached. */
function isUnreachable(error: CallError): boolean {
  return error.codeName === "UNAVAILABLE" && error.reason === "";
}
