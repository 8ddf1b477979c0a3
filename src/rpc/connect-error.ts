import { ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { ERROR_DOMAIN, type Failure } from "./error-map.ts";
import { retryAfterSeconds, retryInfo } from "./retry-info.ts";

/** Connect's codes are gRPC's numbers. */
export function connectErrorOf({ code, message, reason, metadata, retryAfterMs }: Failure): ConnectError {
  const info = { desc: ErrorInfoSchema, value: { reason, domain: ERROR_DOMAIN, metadata: { ...metadata } } };
  if (retryAfterMs === undefined) return new ConnectError(message, code, undefined, [info]);
  const headers = { "retry-after": retryAfterSeconds(retryAfterMs) };
  return new ConnectError(message, code, headers, [info, { desc: RetryInfoSchema, value: retryInfo(retryAfterMs) }]);
}
