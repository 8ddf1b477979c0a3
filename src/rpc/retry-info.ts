import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";

/** `google.rpc.RetryInfo` of a wait in milliseconds. */
export function retryInfo(retryAfterMs: number): MessageInitShape<typeof RetryInfoSchema> {
  const ms = Math.max(0, Math.ceil(retryAfterMs));
  return { retryDelay: { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 } };
}

/** The same for HTTP's `retry-after` (RFC 9110 §10.2.3), which knows whole seconds: never sooner than asked for. */
export function retryAfterSeconds(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
}
