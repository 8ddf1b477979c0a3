import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RetryInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { AuthorizationService, Decision } from "../../../src/gen/relata/v1/authorization_service_pb.ts";
import { TupleService } from "../../../src/gen/relata/v1/tuple_service_pb.ts";
import { readExposition } from "../../support/exposition.ts";
import { NOTHING_IN_MEMORY, startTestServer, type TestServer } from "../../support/server.ts";
import { createGate, gateReads } from "../../support/server-gate.ts";
import { callRaw, postJson } from "../../support/server-raw.ts";
import { DOCUMENTS_SCHEMA, wireQuestion, writeTuples } from "../../support/server-seed.ts";
import { TRANSPORT_NAMES, TRANSPORTS, type TransportName } from "../../support/server-transports.ts";
import { waitFor } from "../../support/wait.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
const QUESTION = wireQuestion("document:1#view@user:anne");
const BURST = 3;
const PLACES = 4;
const gate = createGate();
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({
    config: {
      ...NOTHING_IN_MEMORY,
      opsPort: 0,
      // A thousand seconds a call: whatever this machine is busy with, nothing fills up while a test runs.
      principalRate: 0.001,
      principalBurst: 50,
      tenantConcurrency: PLACES,
    },
    wrapStore: (store) => gateReads(store, gate),
  });
  await server.createTenant("acme");
  const client = server.client("acme", { sub: "seed" });
  await client.schemas.write({ text: DOCUMENTS_SCHEMA });
  await writeTuples(client, "+document:1#viewer@user:anne");
});
afterAll(() => server.close());

const authorization = (sub: string) => server.issuer.bearer({ tenant: "acme", sub });

function clientOf(name: TransportName, sub: string) {
  return createClient(AuthorizationService, TRANSPORTS[name](server, { authorization: authorization(sub) }));
}

async function metric(sample: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${server.opsPort}/metrics`)).text();
  return readExposition(text).get(sample) ?? 0;
}

async function spend(sub: string): Promise<void> {
  const [question] = [QUESTION];
  const items = Array.from({ length: 50 - BURST }, () => question);
  await clientOf("gRPC on the gRPC port", sub).batchCheck({ items });
}

test.each(TRANSPORT_NAMES)(
  "%s: over its rate a caller is told when to come back, and is never told no",
  async (name) => {
    const sub = `rate of ${name}`;
    await spend(sub);
    const before = await metric('relata_limited_total{limit="principal_rate"}');
    const client = clientOf(name, sub);
    const seen: string[] = [];
    for (let i = 0; i < BURST + 2; i++) {
      const answer = await client.check(QUESTION).catch((error: unknown) => ConnectError.from(error));
      if (!(answer instanceof ConnectError)) seen.push(answer.decision === Decision.ALLOWED ? "ALLOWED" : "another");
      else {
        seen.push(Code[answer.code]);
        const [retry] = answer.findDetails(RetryInfoSchema);
        expect(Number(retry?.retryDelay?.seconds)).toBeGreaterThan(900);
      }
    }
    expect(seen).toEqual(["ALLOWED", "ALLOWED", "ALLOWED", "ResourceExhausted", "ResourceExhausted"]);
    expect(await metric('relata_limited_total{limit="principal_rate"}')).toBe(before + 2);
  },
);

test("JSON says it in the status, in retry-after and in the reason; gRPC in its status", async () => {
  await spend("json");
  for (let i = 0; i < BURST; i++) await clientOf("gRPC on the gRPC port", "json").check(QUESTION);
  const { status, headers, error } = await postJson(server.httpUrl, CHECK, QUESTION, {
    authorization: authorization("json"),
  });
  expect([status, error?.code, error?.reason]).toEqual([429, "resource_exhausted", "RATE_LIMITED"]);
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(900);
  expect(error?.metadata).toMatchObject({ limit: "principal_rate" });
  const grpc = await callRaw(server.grpcAddress, CHECK, new Uint8Array(), { authorization: authorization("json") });
  expect([grpc.error?.code, grpc.error?.reason]).toEqual(["8", "RATE_LIMITED"]);
});

test("limited calls are counted as what they are", async () => {
  const counted = await metric(
    'relata_requests_total{method="relata.v1.AuthorizationService/Check",code="resource_exhausted"}',
  );
  const limited = await metric('relata_limited_total{limit="principal_rate"}');
  expect(limited).toBeGreaterThan(0);
  expect(counted).toBe(limited);
});

const waiting = (count: number) =>
  waitFor(`${count} calls to wait`, async () => (await metric("relata_calls_waiting")) === count);

const PORTS = ["gRPC on the gRPC port", "gRPC on the HTTP port", "Connect with JSON over HTTP/1.1"] as const;

test.each(PORTS)("%s: cancelled, or out of time, a call gives its place back", async (name) => {
  const client = clientOf(name, `places of ${name}`);
  const left = new AbortController();
  gate.close();
  try {
    // No two the same: equal reads of concurrent calls are one read.
    const calls = Array.from({ length: PLACES }, (_, i) => {
      const question = wireQuestion(`document:${i + 1}#view@user:anne`);
      return client.check(question, i === 0 ? { signal: left.signal } : {}).then(
        ({ decision }) => decision,
        (error: unknown) => ConnectError.from(error).code,
      );
    });
    await waiting(PLACES);
    const refused = await postJson(server.httpUrl, CHECK, QUESTION, { authorization: authorization("one more") });
    expect(refused.error).toMatchObject({ reason: "RATE_LIMITED", metadata: { limit: "tenant_concurrency" } });
    left.abort();
    expect(await calls[0]).toBe(Code.Canceled);
    await waiting(PLACES - 1);
    const late = client.check(wireQuestion("document:9#view@user:anne"), { timeoutMs: 150 });
    await expect(late).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    await waiting(PLACES - 1);
    gate.open();
    expect(await Promise.all(calls.slice(1))).toEqual([Decision.DENIED, Decision.DENIED, Decision.DENIED]);
    await waiting(0);
  } finally {
    gate.open();
  }
});

test.each(["gRPC on the gRPC port", "Connect with JSON over HTTP/1.1"] as const)(
  "%s: a reader that leaves in the middle of a stream gives its place back",
  async (name) => {
    const updates = Array.from({ length: 30 }, (_, i) => `~document:${i}#viewer@user:reader`);
    await writeTuples(server.client("acme", { sub: `seed of ${name}` }), ...updates);
    const transport = TRANSPORTS[name](server, { authorization: authorization(`reader over ${name}`) });
    const left = new AbortController();
    const watching = createClient(TupleService, transport).read(
      { filter: { objectType: "document" } },
      { signal: left.signal },
    );
    const reading = watching[Symbol.asyncIterator]();
    expect((await reading.next()).done).toBe(false);
    left.abort();
    await reading.next().catch(() => undefined);
    await waitFor("its place", async () => (await metric("relata_calls_waiting")) === 0);
  },
);
