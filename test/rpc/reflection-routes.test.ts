import { getEventListeners } from "node:events";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ServerReflectionResponseSchema } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { startEdgeCall } from "../../src/rpc/edge-call.ts";
import { reflectionRoutes } from "../../src/rpc/routes/reflection.ts";

test("calls that anybody may make leave nothing behind on the signal that lives as long as the process", async () => {
  const stopping = new AbortController();
  const routes = reflectionRoutes(() => create(ServerReflectionResponseSchema), stopping.signal);
  for (const { method, run } of routes) {
    const call = startEdgeCall(method, {
      protocol: "grpc",
      header: () => undefined,
      setHeader: () => undefined,
      peer: { address: "" },
      timeoutMs: undefined,
      gone: new AbortController().signal,
      receive: () => {
        throw new Error("the requests are a stream");
      },
      requests: async function* () {},
      send: () => undefined,
    });
    await run(call);
  }
  expect(routes.length).toBe(2);
  expect(getEventListeners(stopping.signal, "abort")).toEqual([]);
});
