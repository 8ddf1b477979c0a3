import { Agent, request } from "node:http";
import { loadavg } from "node:os";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pick, seeded } from "../support/random.ts";
import { type DeniedWorld, OTHERS, startDeniedWorld, UNKNOWN } from "./denied-callers.ts";

const CHECK = "relata.v1.AuthorizationService/Check";
/** Of each of two slugs a side: the standard error of the share is then 0.0053. */
const EACH = 3_000;
/** What differs by microseconds shows in fewer. */
const EACH_FOR_POWER = 1_000;
/** How far from one half the share of pairs may be in which the other tenant's answer came later: five standard errors. */
const MOST = 0.026;

type Ask = (tenant: string) => Promise<void>;

let world: DeniedWorld;
beforeAll(async () => {
  world = await startDeniedWorld();
}, 60_000);
afterAll(() => world.close());

const PORTS: Readonly<Record<string, (authorization: string) => { ask: Ask; close(): void }>> = {
  gRPC: (authorization) => {
    const client = new Client(world.server.grpcAddress, credentials.createInsecure());
    const same = (value: Buffer) => value;
    return {
      ask: (tenant) =>
        new Promise((resolve) => {
          const metadata = new Metadata();
          metadata.set("authorization", authorization);
          metadata.set("relata-tenant", tenant);
          client.makeUnaryRequest(`/${CHECK}`, same, same, Buffer.alloc(0), metadata, {}, () => resolve());
        }),
      close: () => client.close(),
    };
  },
  "JSON over HTTP": (authorization) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { port } = new URL(world.server.httpUrl);
    const headers = { authorization, "content-type": "application/json", "content-length": "2" };
    return {
      ask: (tenant) =>
        new Promise((resolve, reject) => {
          const options = { agent, port, host: "127.0.0.1", method: "POST", path: `/${CHECK}` };
          const sent = request({ ...options, headers: { ...headers, "relata-tenant": tenant } }, (response) => {
            response.resume().on("end", resolve);
          });
          sent.on("error", reject).end("{}");
        }),
      close: () => agent.destroy(),
    };
  },
};

/** Microseconds of each answer, by slug, one after the other in random order on one connection. */
async function measure(
  ask: Ask,
  slugs: readonly string[],
  each: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const random = seeded(Date.now());
  const times = new Map(slugs.map((slug): [string, number[]] => [slug, []]));
  for (let n = 0; n < 300; n += 1) await ask(pick(random, slugs));
  for (let n = 0; n < each * slugs.length; n += 1) {
    // Now and then somebody of the others asks, so that these are at hand as they are in production.
    if (n % 1_000 === 0) await world.useOthers();
    const slug = pick(random, slugs);
    const began = process.hrtime.bigint();
    await ask(slug);
    times.get(slug)?.push(Number(process.hrtime.bigint() - began) / 1_000);
  }
  return times;
}

/** Of all pairs, the share in which the one of `later` took longer (Mann and Whitney's U over its most): one half when nothing differs. */
function shareLater(later: readonly number[], earlier: readonly number[]): number {
  const sorted = earlier.toSorted((a, b) => a - b);
  const below = (value: number, orEqual: boolean): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = sorted[middle] ?? 0;
      if (at < value || (orEqual && at === value)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const sum = later.reduce((total, value) => total + (below(value, false) + below(value, true)) / 2, 0);
  return sum / (later.length * sorted.length);
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
}

test.each(
  Object.keys(PORTS).flatMap((port) =>
    (["a claim", "bindings", "an API token"] as const).map((proof) => [port, proof] as const),
  ),
)(
  "over %s, to a caller proved by %s, a refusal takes as long for other tenants as for unknown ones",
  async (port, proof) => {
    const opened = PORTS[port]?.(world.callers[proof]);
    if (opened === undefined) throw new Error("no such port");
    const { ask, close } = opened;
    const times = await measure(ask, [...OTHERS, ...UNKNOWN], EACH);
    // What it must be able to see: a header of some thousand letters, which takes the parser some microseconds.
    const power = await measure(ask, [UNKNOWN[0], "x".repeat(4_000)], EACH_FOR_POWER);
    close();
    const of = (slug: string) => times.get(slug) ?? [];
    const others = OTHERS.flatMap(of);
    const unknown = UNKNOWN.flatMap(of);
    const figures = {
      share: shareLater(others, unknown),
      amongOthers: shareLater(of(OTHERS[0]), of(OTHERS[1])),
      amongUnknown: shareLater(of(UNKNOWN[0]), of(UNKNOWN[1])),
      seen: shareLater(power.get("x".repeat(4_000)) ?? [], power.get(UNKNOWN[0]) ?? []),
    };
    const shares = Object.entries(figures).map(([name, share]) => `${name} ${share.toFixed(4)}`);
    const medians = `median ${median(others).toFixed(1)} against ${median(unknown).toFixed(1)} µs`;
    const load = `load ${(loadavg()[0] ?? 0).toFixed(1)}`;
    process.stdout.write(
      `${port}, ${proof}: ${others.length} and ${unknown.length} answers, ${medians}, ${load}; ${shares.join(", ")}\n`,
    );
    expect(Math.abs(figures.share - 0.5)).toBeLessThan(MOST);
    expect(figures.seen).toBeGreaterThan(0.5 + MOST);
  },
  600_000,
);
