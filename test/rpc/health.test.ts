import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../src/gen/grpc/health/v1/health_pb.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import { createHealth } from "../../src/rpc/health.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { TRANSPORT_NAMES, TRANSPORTS } from "../support/server-transports.ts";

describe("over the wire", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  test.each(TRANSPORT_NAMES)("%s: serving, without a credential", async (name) => {
    const health = createClient(Health, TRANSPORTS[name](server));
    expect(await health.check({})).toMatchObject({ status: Status.SERVING });
    expect(await health.check({ service: "relata.v1.TupleService" })).toMatchObject({ status: Status.SERVING });
    await expect(health.check({ service: "no.Such" })).rejects.toMatchObject({ code: 5 });
    const enough = new AbortController();
    const watching = async () => {
      for await (const { status } of health.watch({ service: "no.Such" }, { signal: enough.signal })) {
        expect(status).toBe(Status.SERVICE_UNKNOWN);
        enough.abort();
      }
    };
    await expect(watching()).rejects.toMatchObject({ code: 1 });
  });

  test("GET /healthz", async () => {
    const response = await fetch(`${server.httpUrl}/healthz`);
    expect([response.status, await response.json()]).toEqual([200, { status: "SERVING" }]);
  });

  test("a watcher is told when the server stops, and its stream ends", async () => {
    const own = await startTestServer({ database: server.database, issuer: server.issuer });
    const health = createClient(Health, TRANSPORTS["gRPC on the gRPC port"](own));
    const seen: Status[] = [];
    for await (const { status } of health.watch({})) {
      seen.push(status);
      if (status === Status.SERVING) void own.close();
    }
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
    await own.close();
  });
});

describe("of a store", () => {
  test("a failing or silent ping is not serving, and the change is seen", async () => {
    let ping: () => Promise<void> = () => Promise.resolve();
    const health = createHealth({ ping: () => ping(), log: SILENT_LOGGER, intervalMs: 1, pingTimeoutMs: 5 });
    const stop = new AbortController();
    const seen: boolean[] = [];
    for await (const serving of health.watch(stop.signal)) {
      seen.push(serving);
      if (seen.length === 1) ping = () => Promise.reject(new Error("down"));
      if (seen.length === 2) ping = () => Promise.resolve();
      if (seen.length === 3) ping = () => new Promise(() => undefined);
      if (seen.length === 4) stop.abort();
    }
    expect(seen).toEqual([true, false, true, false]);
  });
});
