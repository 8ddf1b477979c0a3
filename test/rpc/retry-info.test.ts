import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Metadata, type ServiceError } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { CallError } from "../../src/client/call-error.ts";
import { RelataError } from "../../src/errors.ts";
import { RetryInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";
import { connectErrorOf } from "../../src/rpc/connect-error.ts";
import { toFailure } from "../../src/rpc/error-map.ts";
import { grpcStatusOf } from "../../src/rpc/grpc-status.ts";

const LIMITED = toFailure(new RelataError("RATE_LIMITED", "too many", { retryAfterMs: 2_345.6 }), "r1");
const PLAIN = toFailure(new RelataError("INVALID_REQUEST", "no"), "r1");

function detailTypes(metadata: Metadata): readonly string[] {
  const [bytes] = metadata.get("grpc-status-details-bin");
  return fromBinary(StatusSchema, bytes as Buffer).details.map(({ typeUrl }) => typeUrl.split("/")[1] ?? "");
}

test("when to come back leaves with a gRPC status as google.rpc.RetryInfo, and is read by the client", () => {
  const status = grpcStatusOf(LIMITED);
  const [bytes] = status.metadata.get("grpc-status-details-bin");
  const infos = fromBinary(StatusSchema, bytes as Buffer).details.map((any) => anyUnpack(any, RetryInfoSchema));
  expect(infos[1]?.retryDelay).toMatchObject({ seconds: 2n, nanos: 346_000_000 });
  const error = new CallError(Object.assign(new Error(), status) as ServiceError, "r1");
  expect(error).toMatchObject({ reason: "RATE_LIMITED", codeName: "RESOURCE_EXHAUSTED", retryAfterMs: 2_346 });
});

test("over HTTP it is a detail and the header retry-after, in whole seconds that are never too few", () => {
  const error = connectErrorOf(LIMITED);
  expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay).toMatchObject({ seconds: 2n, nanos: 346_000_000 });
  expect(error.metadata.get("retry-after")).toBe("3");
  const soon = connectErrorOf({ ...LIMITED, retryAfterMs: 0 });
  expect(soon.metadata.get("retry-after")).toBe("1");
});

test("other errors say nothing of it", () => {
  expect(detailTypes(grpcStatusOf(LIMITED).metadata)).toEqual(["google.rpc.ErrorInfo", "google.rpc.RetryInfo"]);
  expect(detailTypes(grpcStatusOf(PLAIN).metadata)).toEqual(["google.rpc.ErrorInfo"]);
  expect(connectErrorOf(PLAIN).metadata.has("retry-after")).toBe(false);
  const error = new CallError(Object.assign(new Error(), grpcStatusOf(PLAIN)) as ServiceError, "r1");
  expect(error.retryAfterMs).toBeUndefined();
  expect(
    new CallError(Object.assign(new Error(), { code: 14, details: "", metadata: new Metadata() }), "").reason,
  ).toBe("");
});
