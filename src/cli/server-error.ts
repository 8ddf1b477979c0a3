import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type ServiceError, status } from "@grpc/grpc-js";
import { type ErrorInfo, ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../gen/google/rpc/status_pb.ts";
import type { Connection } from "./connection.ts";
import { CliError, EXIT, type ExitCode } from "./exit.ts";

/** What a server's error status ends the process with. */
const EXIT_OF_STATUS: Readonly<Record<number, ExitCode>> = {
  [status.CANCELLED]: EXIT.unavailable,
  [status.UNKNOWN]: EXIT.internal,
  [status.INVALID_ARGUMENT]: EXIT.usage,
  [status.DEADLINE_EXCEEDED]: EXIT.unavailable,
  [status.INTERNAL]: EXIT.internal,
  [status.UNAVAILABLE]: EXIT.unavailable,
  [status.DATA_LOSS]: EXIT.internal,
};

/** An error that a server answered, or that kept it from answering. */
export class ServerError extends CliError {
  /** Stable reason of the server, such as `TUPLE_ALREADY_EXISTS`; empty when none came. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(error: ServiceError, info: ErrorInfo | undefined, connection: Connection) {
    super(EXIT_OF_STATUS[error.code] ?? EXIT.refused, messageOf(error, connection), {
      where: `${connection.server} (${status[error.code]}${info === undefined ? "" : ` ${info.reason}`})`,
      ...hintOf(error, connection),
      cause: error,
    });
    this.reason = info?.reason ?? "";
    this.metadata = info?.metadata ?? {};
  }
}

export function fromServiceError(error: ServiceError, connection: Connection): ServerError {
  return new ServerError(error, errorInfo(error), connection);
}

function messageOf(error: ServiceError, connection: Connection): string {
  if (error.code === status.UNAVAILABLE && isUnreachable(error)) return `no server answers at ${connection.server}`;
  if (error.code === status.DEADLINE_EXCEEDED) {
    return `no answer within ${connection.timeoutMs / 1000} s: ${error.details}`;
  }
  return error.details;
}

function hintOf(error: ServiceError, connection: Connection): { hint?: string } {
  if (error.code === status.UNAVAILABLE && isUnreachable(error)) {
    return { hint: "start one with `relata dev`, or name another with --server HOST:PORT" };
  }
  if (error.code === status.UNAUTHENTICATED) {
    return { hint: "the token is expired, not for this server, or not from an issuer it trusts" };
  }
  if (error.code === status.DEADLINE_EXCEEDED && connection.timeoutMs < 60_000) {
    return { hint: "give it longer with --timeout SECONDS" };
  }
  return {};
}

/** grpc-js's own words, which no server of ours says. */
function isUnreachable(error: ServiceError): boolean {
  return /No connection established|Name resolution failed|ECONNREFUSED|ECONNRESET|dropped/i.test(error.details);
}

function errorInfo(error: ServiceError): ErrorInfo | undefined {
  const [bytes] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (bytes === undefined || typeof bytes === "string") return undefined;
  try {
    const details = fromBinary(StatusSchema, bytes).details;
    return details.map((any) => anyUnpack(any, ErrorInfoSchema)).find((info) => info !== undefined);
  } catch {
    // A server that is not ours may put anything there; the status and its message are enough.
    return undefined;
  }
}
