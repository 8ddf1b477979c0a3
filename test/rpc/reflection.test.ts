import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { create, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServerReflection, ServerReflectionRequestSchema } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as AlphaReflection } from "../../src/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { TRANSPORTS } from "../support/server-transports.ts";

const run = promisify(execFile);
const BUF = new URL("../../node_modules/.bin/buf", import.meta.url).pathname;

const SERVICES = [
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "relata.v1.AuditService",
  "relata.v1.AuthorizationService",
  "relata.v1.ClientService",
  "relata.v1.CredentialService",
  "relata.v1.SchemaService",
  "relata.v1.TenantService",
  "relata.v1.TupleService",
];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

type Question = NonNullable<ReturnType<typeof ask>>;
function ask(messageRequest: Parameters<typeof create<typeof ServerReflectionRequestSchema>>[1]) {
  return create(ServerReflectionRequestSchema, messageRequest);
}

async function answers(service: typeof ServerReflection | typeof AlphaReflection, questions: readonly Question[]) {
  const client = createClient(service as typeof ServerReflection, TRANSPORTS["gRPC on the gRPC port"](server));
  const found = [];
  for await (const { messageResponse } of client.serverReflectionInfo(stream(questions))) found.push(messageResponse);
  return found;
}

async function* stream<T>(values: readonly T[]): AsyncIterable<T> {
  yield* values;
}

describe.each([
  ["v1", ServerReflection],
  ["v1alpha", AlphaReflection],
] as const)("reflection %s", (_version, service) => {
  test("lists the services, finds symbols with everything they need, and says what it does not know", async () => {
    const [list, symbol, unknown, details] = await answers(service, [
      ask({ messageRequest: { case: "listServices", value: "" } }),
      ask({ messageRequest: { case: "fileContainingSymbol", value: "relata.v1.TupleService.Read" } }),
      ask({ messageRequest: { case: "fileContainingSymbol", value: "relata.v1.Nothing" } }),
      ask({ messageRequest: { case: "fileContainingSymbol", value: "google.rpc.ErrorInfo" } }),
    ]);
    expect(list?.case === "listServicesResponse" && list.value.service.map(({ name }) => name)).toEqual(SERVICES);
    const files = symbol?.case === "fileDescriptorResponse" ? symbol.value.fileDescriptorProto : [];
    const names = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
    expect(names.toSorted()).toEqual([
      "google/protobuf/struct.proto",
      "google/protobuf/timestamp.proto",
      "relata/v1/core.proto",
      "relata/v1/tuple_service.proto",
    ]);
    expect(unknown).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
    expect(details?.case).toBe("fileDescriptorResponse");
  });
});

describe("buf curl", () => {
  const curl = (args: readonly string[]) => run(BUF, ["curl", ...args], { encoding: "utf8", timeout: 20_000 });

  test("lists methods by reflection alone", async () => {
    const { stdout } = await curl([
      "--http2-prior-knowledge",
      "--protocol",
      "grpc",
      "--list-methods",
      `http://${server.grpcAddress}`,
    ]);
    expect(stdout).toContain("relata.v1.AuthorizationService/Check");
  });

  test("calls over both ports", async () => {
    for (const url of [`http://${server.grpcAddress}`, server.httpUrl]) {
      const { stdout } = await curl([
        "--http2-prior-knowledge",
        "--protocol",
        "grpc",
        "-d",
        "{}",
        `${url}/grpc.health.v1.Health/Check`,
      ]);
      expect(JSON.parse(stdout)).toEqual({ status: "SERVING" });
    }
  });
});
