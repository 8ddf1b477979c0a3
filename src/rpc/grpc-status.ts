import { Metadata } from "@grpc/grpc-js";
import type { Failure } from "./error-map.ts";
import { fitHeader } from "./fit-header.ts";
import { statusDetails } from "./status-details.ts";

/** A failed call in the words of grpc-js. */
export function grpcStatusOf(failed: Failure) {
  const failure = { ...failed, message: fitHeader(failed.message) };
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(statusDetails(failure)));
  return { code: failure.code, details: failure.message, metadata };
}
