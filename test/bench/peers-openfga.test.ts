import { createServer as createHttp } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { createServer } from "node:net";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openOpenFga } from "../../bench/peers/openfga.ts";
import { PeerError } from "../../bench/peers/peer.ts";
import { serveHttp } from "../support/http-exchange.ts";
import { listening } from "../support/listening.ts";
import { smallWorkload } from "./small-workload.ts";

const open = (port: number, { token, timeoutMs = 10_000 }: { token?: string; timeoutMs?: number } = {}) =>
  openOpenFga({ name: "openfga", host: "127.0.0.1", port, ...(token && { token }) }, { timeoutMs });

async function failureAt(port: number, timeoutMs?: number): Promise<string> {
  const error: unknown = await open(port, timeoutMs === undefined ? {} : { timeoutMs }).then(
    () => new Error("it was opened"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PeerError);
  return String(error).replaceAll(`127.0.0.1:${port}`, "HERE");
}

describe("an OpenFGA that is none", () => {
  it("is told as one that is not there", async () => {
    const gone = await listening(createServer());
    await gone[Symbol.asyncDispose]();
    expect(await failureAt(gone.port)).toBe(
      "PeerError: OpenFGA at HERE, listing its stores: nothing listens there (connect ECONNREFUSED HERE): " +
        "start OpenFGA, or name the host and port of its HTTP API",
    );
  });

  it("is told as a server of pages", async () => {
    await using pages = await serveHttp(() => ({ status: 200, type: "text/html", body: "<html>" }));
    expect(await failureAt(pages.port)).toBe(
      "PeerError: OpenFGA at HERE: an HTTP server answers there that is no OpenFGA: name OpenFGA's HTTP port, which is 8080 by default",
    );
  });

  it("is told as a server without such a path", async () => {
    await using other = await serveHttp(() => ({ status: 404, body: "not here" }));
    expect(await failureAt(other.port)).toMatch(/an HTTP server answers there that is no OpenFGA: .* \(HTTP 404\)$/);
  });

  it("is told as a server of other stores", async () => {
    const body = { stores: [], id: "shop-7" };
    await using shops = await serveHttp(() => ({ status: 200, type: "application/json", body }));
    await using peer = await open(shops.port);
    await expect(peer.load(MANY, () => undefined)).rejects.toThrow(
      /writing the model: an HTTP server answers there that is no OpenFGA: .* \(storeId must be in ULID format\)$/,
    );
  });

  it("is told as something that speaks no HTTP/1.1, such as its own gRPC port", async () => {
    await using grpc = await listening(createHttp2());
    await using curt = await listening(createServer((socket) => socket.end()));
    await using other = await listening(createServer((socket) => socket.end("220 mail.example.org\r\n")));
    for (const { port } of [grpc, curt, other])
      expect(await failureAt(port)).toMatch(
        /what listens there does not speak HTTP\/1.1 without TLS \(.*\): name OpenFGA's HTTP port, which is 8080/,
      );
  });

  it("is told as something that says nothing", async () => {
    await using silent = await listening(createServer());
    expect(await failureAt(silent.port, 100)).toMatch(/no answer in time \(timeout of 100ms exceeded\)/);
  });

  it("does not tell the token, nor carry it about", async () => {
    await using other = await listening(createHttp((_, response) => response.writeHead(500).end()));
    const error: unknown = await open(other.port, { token: "a-secret" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PeerError);
    expect(JSON.stringify(error) + String(error) + JSON.stringify((error as Error).cause ?? "")).not.toContain(
      "a-secret",
    );
  });
});

const ID = "1".padStart(26, "0");
const MEMBER = "group:1#member@user:anne";
const MANY = smallWorkload({
  name: "many",
  schema: "definition user {}\ndefinition group {\n  relation member: user\n}\n",
  tuples: [MEMBER],
  allowed: [MEMBER],
  denied: [],
});

describe("an OpenFGA in trouble", () => {
  const REFUSALS = [
    [429, { code: "rate_limit_exceeded", message: "slow down" }, /it is asked more often than it allows \(rate_limit_/],
    // As 1.22.1 answers where its memory holds 50,000 tuples and more.
    [
      500,
      { code: "deadline_exceeded", message: "context deadline exceeded" },
      /ran out of its own time .*--request-timeout.*memory/,
    ],
    [500, { code: "internal_error", message: "Internal Server Error" }, /it failed \(HTTP 500, internal_error: /],
  ] as const;
  for (const [status, body, told] of REFUSALS) {
    it(`is told what it says: ${body.code}`, async () => {
      let calls = 0;
      await using server = await serveHttp(() => {
        calls += 1;
        return { status, type: "application/json", body };
      });
      expect(await failureAt(server.port)).toMatch(told);
      // A peer that is tried again until it does well is measured too well.
      expect(calls).toBe(1);
    });
  }

  it("is asked by its client a few questions at a time", async () => {
    let [asking, most, asked] = [0, 0, 0];
    await using server = await serveHttp(async ({ path }) => {
      if (path.endsWith("/check")) {
        asked += 1;
        most = Math.max(most, ++asking);
        for (let turn = 0; turn < 20; turn += 1) await setImmediate();
        asking -= 1;
      }
      const body = { stores: [], id: ID, authorization_model_id: ID, allowed: true };
      return { status: 200, type: "application/json", body };
    });
    await using peer = await open(server.port);
    const loaded = await peer.load(MANY, () => undefined);
    const found = await Promise.all(Array.from({ length: 50 }, (_, index) => loaded.check(MANY.question(index))));
    expect(found.filter(Boolean)).toHaveLength(50);
    expect([asked, most]).toEqual([50, 8]);
  });

  it("is not asked at all what it has no words for", async () => {
    const paths: string[] = [];
    await using server = await serveHttp(({ path }) => {
      paths.push(path);
      return { status: 200, type: "application/json", body: { stores: [], continuation_token: "" } };
    });
    await using peer = await open(server.port);
    const work = smallWorkload({
      name: "all",
      schema:
        "definition user {}\ndefinition team {\n  relation member: user\n}\ndefinition document {\n  relation team: team\n  permission edit = team.all(member)\n}\n",
      tuples: ["document:1#team@team:1"],
      allowed: [],
      denied: ["document:1#edit@user:anne"],
    });
    const why = "document#edit: OpenFGA has no arrow over all objects, as team.all(member)";
    expect(peer.cannot?.(work)).toBe(why);
    const place = `OpenFGA at 127.0.0.1:${server.port}`;
    await expect(peer.load(work, () => undefined)).rejects.toThrow(`${place} cannot hold all: ${why}`);
    expect(paths).toEqual(["/stores?page_size=1"]);
  });
});
