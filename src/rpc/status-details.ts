import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../gen/google/rpc/status_pb.ts";
import { ERROR_DOMAIN, type Failure } from "./error-map.ts";
import { retryInfo } from "./retry-info.ts";

/** The `google.rpc.Status` that gRPC carries in `grpc-status-details-bin`. */
export function statusDetails(failure: Failure): Uint8Array {
  const { code, message, reason, metadata, retryAfterMs } = failure;
  const info = create(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata });
  const details = [anyPack(ErrorInfoSchema, info)];
  if (retryAfterMs !== undefined)
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, retryInfo(retryAfterMs))));
  return toBinary(StatusSchema, create(StatusSchema, { code, message, details }));
}
