import { ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { ERROR_DOMAIN, type Failure } from "./error-map.ts";

/** Connect's codes are gRPC's numbers. */
export function connectErrorOf({ code, message, reason, metadata }: Failure): ConnectError {
  const info = { reason, domain: ERROR_DOMAIN, metadata: { ...metadata } };
  return new ConnectError(message, code, undefined, [{ desc: ErrorInfoSchema, value: info }]);
}
