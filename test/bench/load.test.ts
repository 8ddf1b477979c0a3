import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Child, startChild } from "../../bench/load/child.ts";
import { type Generator, startGenerator } from "../../bench/load/generator.ts";
import type { LoadOptions, LoadResult } from "../../bench/load/load.ts";
import type { LoadRequest, LoadTarget } from "../../bench/load/target.ts";
import type { StallingOrder, StallingPorts } from "./stalling-server.ts";

const NOTHING = Buffer.alloc(0);
const NO_HEADERS: LoadRequest["headers"] = [];
const ANYTHING: LoadRequest["answer"] = { kind: "prefix", bytes: NOTHING };
const MANY_STREAMS = 1_000_000;
/** Of each connection, so that a stall soon leaves none free. */
const FEW_STREAMS = 5;

const request = (path: string, more: Partial<LoadRequest> = {}): LoadRequest => ({
  path,
  headers: NO_HEADERS,
  body: NOTHING,
  answer: ANYTHING,
  ...more,
});
const token = (of: string): LoadRequest["headers"] => [["authorization", of]];

let generator: Generator;
beforeAll(() => {
  generator = startGenerator();
});
afterAll(() => generator.close());

async function load(target: Omit<LoadTarget, "host">, options: LoadOptions): Promise<LoadResult> {
  await generator.learn("it", { host: "127.0.0.1", ...target });
  return await generator.run("it", options);
}

type Stalling = Child<StallingOrder, StallingPorts>;

function server(maxStreams: number): { child: () => Stalling; ports: () => StallingPorts } {
  let child: Stalling;
  let ports: StallingPorts;
  beforeAll(async () => {
    child = startChild(join(import.meta.dirname, "stalling-server.ts"));
    ports = await child.ask({ what: "start", maxStreams });
  });
  afterAll(() => child.close());
  return { child: () => child, ports: () => ports };
}

describe("a server that stands still for a second", () => {
  const STALL_MS = 1_000;
  const { child, ports } = server(FEW_STREAMS);
  const target = () => ({ protocol: "grpc" as const, port: ports().grpcPort, requests: [request("/test/Token")] });
  const atShare = ({ quantiles }: LoadResult, share: number) => quantiles.find((one) => one.share === share)?.ms ?? 0;

  it("is in the tail of an open loop, with every call that was due meanwhile", async () => {
    await child().ask({ what: "stall", afterMs: 400, forMs: STALL_MS });
    const found = await load(target(), { ratePerSecond: 1_000, durationMs: 1_800, easy: true });
    expect(found).toMatchObject({ calls: 1_800, wrong: 0, unsent: 0 });
    expect(found.p999Ms).toBeGreaterThan(950);
    // 1,000 of 1,800 calls were due while nothing moved, although only 20 could be under way: they waited from 0 to 1,000 ms, evenly.
    expect(atShare(found, 0.5)).toBeGreaterThan(50);
    expect(atShare(found, 0.75)).toBeGreaterThan(450);
    expect(atShare(found, 0.9)).toBeGreaterThan(720);
  });

  it("is one slow call in a closed loop, which asks nothing meanwhile", async () => {
    await child().ask({ what: "stall", afterMs: 100, forMs: STALL_MS });
    const found = await load(target(), { inFlight: 1, durationMs: 1_400 });
    expect(found.maxMs).toBeGreaterThan(850);
    // So many calls that the slow one is beyond all percentiles that are shown.
    expect(found.calls).toBeGreaterThan(100);
    expect(found.p99Ms).toBeLessThan(found.maxMs / 2);
  });

  it("counts what could not even be sent before the load had to end", async () => {
    await child().ask({ what: "stall", afterMs: 50, forMs: STALL_MS });
    const found = await load(target(), { ratePerSecond: 1_000, durationMs: 400, drainMs: 0, easy: true });
    expect(found.unsent).toBeGreaterThan(200);
    expect(found.calls + found.unsent).toBe(400);
    expect(found.p50Ms).toBeGreaterThan(50);
  });
});

describe("the load generator", () => {
  const { ports } = server(MANY_STREAMS);
  const grpc = (...requests: readonly LoadRequest[]) =>
    ({ protocol: "grpc", port: ports().grpcPort, requests }) as const;
  const json = (...requests: readonly LoadRequest[]) =>
    ({ protocol: "json", port: ports().httpPort, requests }) as const;

  it("says that it was the bottleneck at a rate that nobody can send", async () => {
    const many = { ratePerSecond: 3_000_000, durationMs: 1, drainMs: 500, connections: 16 };
    const found = await load(grpc(request("/test/Token")), many);
    expect(found.generator.share).toBeGreaterThan(0.9);
    expect(found.generator.bottleneck).toMatch(/^the generator was at work \d+ % of the time/);
  });

  it("says nothing where the server is slow", async () => {
    const slow = { ratePerSecond: 50, durationMs: 600 };
    const found = await load(grpc(request("/test/Slow", { answer: { kind: "prefix", bytes: Buffer.of(1) } })), slow);
    expect(found).toMatchObject({ calls: 30, wrong: 0 });
    expect(found.p50Ms).toBeGreaterThan(290);
    const { share, lateP99Ms, bottleneck } = found.generator;
    expect(share).toBeLessThan(0.9);
    // On a machine that has no time for it the generator is late indeed, and must say so.
    expect(bottleneck === undefined).toBe(lateP99Ms <= 0.2 * found.p99Ms);
  });

  it("sends each call its own headers", async () => {
    // Together more than the table of a connection holds.
    const callers = Array.from({ length: 40 }, (_, index) => `Bearer ${index} ${"x".repeat(300)}`);
    const own = callers.map((of) => request("/test/Token", { headers: token(of), answer: whole(of) }));
    const found = await load(grpc(...own), { durationMs: 100 });
    expect(found).toMatchObject({ wrong: 0 });
    expect(found.calls).toBeGreaterThan(callers.length);
    const others = callers.map((of, index) =>
      request("/token", { headers: token(of), answer: { kind: "field", name: "token", value: callers[index] ?? "" } }),
    );
    expect(await load(json(...others), { durationMs: 100 })).toMatchObject({ wrong: 0 });
  });

  it("counts the messages of a stream", async () => {
    const count = (asked: number, count: number) =>
      request("/test/Count", { body: Buffer.of(asked), answer: { kind: "messages", count } });
    expect(await load(grpc(count(3, 3), count(1, 1)), { durationMs: 50 })).toMatchObject({ wrong: 0 });
    const found = await load(grpc(count(3, 4), count(3, 3)), { durationMs: 50 });
    expect(found.wrong).toBeGreaterThan(0);
    expect(found.wrong).toBeLessThan(found.calls);
  });

  it("goes on where a load before ended", async () => {
    // One of the two is never answered rightly: a load of one call meets it only where it begins one further.
    const [right, wrong] = [request("/test/Token"), request("/test/Token", { answer: whole("nobody") })];
    const target = { protocol: "grpc" as const, port: ports().grpcPort, requests: [wrong, right] };
    const one = { connections: 1, inFlight: 1, durationMs: 0 };
    expect(await load(target, one)).toMatchObject({ calls: 1, turns: 1, wrong: 0 });
    expect(await load(target, { ...one, offset: 1 })).toMatchObject({ calls: 1, turns: 1, wrong: 1 });
  });

  it("reads bodies of a known length and in chunks", async () => {
    const answer: LoadRequest["answer"] = { kind: "field", name: "allowed", value: true };
    const found = await load(json(request("/", { answer }), request("/chunks", { answer })), {
      durationMs: 100,
      inFlight: 4,
    });
    expect(found).toMatchObject({ wrong: 0 });
    expect(found.calls).toBeGreaterThan(4);
  });

  it("says what is wrong with an answer", async () => {
    const refused = await load(json(request("/refuse")), { durationMs: 30, inFlight: 1 });
    expect(refused.wrong).toBe(refused.calls);
    expect(refused.firstWrong).toEqual({ request: 0, why: 'HTTP 403: {"code":"permission_denied"}' });
    const denied = await load(grpc(request("/test/Refuse")), { durationMs: 30 });
    expect(denied.wrong).toBe(denied.calls);
    expect(denied.firstWrong?.why).toContain("grpc-status 7: no");
    const other = await load(json(request("/", { answer: { kind: "field", name: "allowed", value: false } })), {
      durationMs: 30,
    });
    expect(other.firstWrong?.why).toContain('{"allowed":true}');
  });

  it("says what is wrong with a server", async () => {
    await expect(load({ protocol: "grpc", port: 1, requests: [request("/")] }, { durationMs: 1 })).rejects.toThrow(
      /cannot connect to 127\.0\.0\.1:1: .*ECONNREFUSED/,
    );
    await expect(load(json(request("/leave")), { durationMs: 30 })).rejects.toThrow("the server closed the connection");
    const wrongPort = { ...grpc(request("/test/Token")), port: ports().httpPort };
    await expect(load(wrongPort, { durationMs: 1 })).rejects.toThrow("does not answer as HTTP/2");
  });
});

function whole(text: string): LoadRequest["answer"] {
  return { kind: "suffix", bytes: Buffer.from(text) };
}
