import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type ServiceError, status } from "@grpc/grpc-js";
import {
  type ErrorInfo,
  ErrorInfoSchema,
  type RetryInfo,
  RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../gen/google/rpc/status_pb.ts";

/** A call that did not succeed: refused by the server, cut by its deadline, or never arrived. */
export class CallError extends Error {
  override readonly name = "CallError";
  /** gRPC status code. */
  readonly code: number;
  /** Its name, such as `PERMISSION_DENIED`. */
  readonly codeName: string;
  /** The server's stable reason, such as `TUPLE_ALREADY_EXISTS`; empty when the error is not the server's. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** How long the server asks to wait before the next attempt; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;
  /** Under which the server's log tells more. */
  readonly requestId: string;
  /** What was called, such as `relata.v1.TupleService/Write`. */
  readonly method: string;

  constructor(error: ServiceError, requestId: string, method = "") {
    super(error.details, { cause: error });
    const { info, retry } = detailsOf(error);
    this.code = error.code;
    this.codeName = status[error.code] ?? "UNKNOWN";
    this.reason = info?.reason ?? "";
    this.metadata = info?.metadata ?? {};
    this.retryAfterMs = retry?.retryDelay && Number(retry.retryDelay.seconds) * 1000 + retry.retryDelay.nanos / 1e6;
    this.requestId = requestId;
    this.method = method;
  }
}

interface Details {
  readonly info?: ErrorInfo | undefined;
  readonly retry?: RetryInfo | undefined;
}

function detailsOf(error: ServiceError): Details {
  const [bytes] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (bytes === undefined || typeof bytes === "string") return {};
  try {
    const { details } = fromBinary(StatusSchema, bytes);
    return {
      info: details.map((any) => anyUnpack(any, ErrorInfoSchema)).find((info) => info !== undefined),
      retry: details.map((any) => anyUnpack(any, RetryInfoSchema)).find((retry) => retry !== undefined),
    };
  } catch {
    // A proxy on the way may put anything there; status and message are enough.
    return {};
  }
}
