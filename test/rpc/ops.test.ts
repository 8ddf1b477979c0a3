import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RelataError } from "../../src/errors.ts";
import type { TrustLog } from "../../src/model/trust-store.ts";
import { readExposition } from "../support/exposition.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { waitFor } from "../support/wait.ts";

const DOCUMENTS = "definition user {}\ndefinition document { relation viewer: user }";

describe("the operations port", () => {
  let server: TestServer;
  /** What the store does instead of answering. */
  let fault: "none" | "all" | "heads" | "trust" = "none";
  let nowMs = 0;
  beforeAll(async () => {
    const refuse = (when: typeof fault) => {
      if (fault === when || fault === "all") throw new RelataError("STORE_UNAVAILABLE", "down for a test");
    };
    server = await startTestServer({
      monotonic: () => performance.now() + nowMs,
      wrapStore: (store) => ({
        ...store,
        ping: async () => {
          refuse("all");
          return store.ping();
        },
        trust: {
          ...store.trust,
          log: {
            ...store.trust.log,
            since: async (...args: Parameters<TrustLog["since"]>) => {
              refuse("trust");
              return store.trust.log.since(...args);
            },
          },
        },
        changes: {
          ...store.changes,
          heads: async (...args) => {
            refuse("heads");
            return store.changes.heads(...args);
          },
        },
      }),
    });
  });
  afterAll(() => server.close());

  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${server.opsPort}${path}`, init);
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
  };
  const metrics = async () => readExposition((await get("/metrics")).text);
  const ready = async () => {
    const { status, text } = await get("/readyz");
    return { status, body: JSON.parse(text) };
  };

  it("counts requests by method and outcome, with how long they took", async () => {
    const { slug } = await server.createTenant();
    const client = server.client(slug);
    await client.schemas.write({ text: DOCUMENTS });
    await expect(client.schemas.write({ text: "definition" })).rejects.toThrow();
    const read = await metrics();
    const method = "relata.v1.SchemaService/Write";
    expect(read.get(`relata_requests_total{method="${method}",code="ok"}`)).toBe(1);
    expect(read.get(`relata_requests_total{method="${method}",code="invalid_argument"}`)).toBe(1);
    expect(read.get(`relata_request_duration_seconds_count{method="${method}"}`)).toBe(2);
    expect(read.get("relata_ready")).toBe(1);
    expect(read.get("relata_degraded")).toBe(0);
    expect((await get("/metrics")).type).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect((await get("/metrics")).text).not.toContain(slug);
  });

  it("is for GET and HEAD, and knows three paths", async () => {
    expect(await get("/livez")).toMatchObject({ status: 200, text: '{"status":"alive"}\n' });
    expect(await get("/livez", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
    expect((await get("/readyz", { method: "POST" })).status).toBe(405);
    expect((await get("/")).status).toBe(404);
  });

  it("stays ready and says degraded while memory cannot be confirmed, and back again", async () => {
    const { slug } = await server.createTenant();
    const client = server.client(slug);
    await client.schemas.write({ text: DOCUMENTS });
    const check = () =>
      client.authorization.check({
        object: { type: "document", id: "a" },
        permission: "viewer",
        subject: { object: { type: "user", id: "anne" } },
      });
    await check();
    await waitFor("the tenant to be followed", async () => ((await metrics()).get("relata_tail_polls_total") ?? 0) > 2);
    expect(await ready()).toMatchObject({ status: 200, body: { status: "ready", parts: { store: { ok: true } } } });
    fault = "heads";
    // The bound is a second: as if one had passed.
    const late = await waitFor("it to be late", async () => {
      nowMs += 500;
      const found = await ready();
      return found.body.status === "degraded" && found;
    });
    expect(late.status).toBe(200);
    expect(late.body.parts).toMatchObject({ store: { ok: true }, freshness: { ok: false, boundMs: 1000 } });
    expect(late.body.parts.freshness.silentMs).toBeGreaterThan(1000);
    expect((await metrics()).get("relata_degraded")).toBe(1);
    expect((await metrics()).get("relata_ready")).toBe(1);
    // Requests are answered all the same.
    await check();
    expect((await fetch(`${server.httpUrl}/healthz`)).status).toBe(200);
    fault = "none";
    await waitFor("it to be fresh again", async () => (await ready()).body.status === "ready");
  });

  it("is not ready while what is known of credentials is older than its bound, and ready again", async () => {
    expect((await ready()).body.parts.credentials).toMatchObject({ ok: true, boundMs: 2000 });
    const before = await metrics();
    expect(before.get("relata_trust_bound_seconds")).toBe(2);
    fault = "trust";
    const failures = "relata_trust_failures_total";
    await waitFor("a failed read", async () => ((await metrics()).get(failures) ?? 0) > (before.get(failures) ?? 0));
    const stale = await waitFor("it to be too old", async () => {
      nowMs += 500;
      const found = await ready();
      return found.status === 503 && found;
    });
    expect(stale.body).toMatchObject({
      status: "unavailable",
      parts: { store: { ok: true }, credentials: { ok: false, boundMs: 2000 } },
    });
    expect(stale.body.parts.credentials.ageMs).toBeGreaterThan(2000);
    const during = await metrics();
    expect(during.get("relata_ready")).toBe(0);
    expect(during.get("relata_trust_age_seconds")).toBeGreaterThan(2);
    // Who sends requests by it must send none: each would be refused.
    expect((await fetch(`${server.httpUrl}/healthz`)).status).toBe(503);
    fault = "none";
    await waitFor("it to be confirmed again", async () => (await ready()).status === 200);
    expect((await fetch(`${server.httpUrl}/healthz`)).status).toBe(200);
  });

  it("counts what is known of credentials, and what looking API tokens up takes", async () => {
    const { slug } = await server.createTenant();
    const { secret } = await server.client(slug).credentials.createApiToken({ name: "ops", scopes: ["schema:read"] });
    const { issuer } = server.issuer;
    const binding = { issuer, subject: "ops:*", name: "", platform: true, scopes: ["tenants:read"] };
    await server.operator.credentials.putBinding({ binding });
    await server.operator.credentials.revokeJwt({ issuer, what: { case: "tokenId", value: "j1" } });
    await server.trust.poll();
    const before = await metrics();
    const use = () =>
      fetch(`${server.httpUrl}/relata.v1.SchemaService/Read`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
        body: "{}",
      });
    for (let times = 0; times < 3; times += 1) await use();
    const read = await metrics();
    const grown = (name: string) => (read.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(grown('relata_api_token_lookups_total{result="miss"}')).toBe(1);
    // Over HTTP a caller is looked at before the body is read, and again.
    expect(grown('relata_api_token_lookups_total{result="hit"}')).toBeGreaterThanOrEqual(2);
    expect(read.get("relata_api_tokens_remembered")).toBe(1);
    expect(read.get("relata_bindings")).toBe(1);
    expect(read.get("relata_revocations")).toBe(1);
    expect(read.get("relata_revocations_max")).toBe(200_000);
    expect(read.get("relata_trust_version")).toBeGreaterThan(0);
  });

  it("is not ready while the store does not answer", async () => {
    fault = "all";
    const down = await waitFor("the store's failure to be seen", async () => {
      const found = await ready();
      return found.status === 503 && found;
    });
    expect(down.body).toMatchObject({ status: "unavailable", parts: { store: { ok: false } } });
    expect((await metrics()).get("relata_ready")).toBe(0);
    expect((await get("/livez")).status).toBe(200);
    fault = "none";
    await waitFor("it to be ready again", async () => (await ready()).status === 200);
  });
});
