import { afterAll, beforeAll, expect, test } from "vitest";
import { newOwnSecret, newPublicId } from "../../src/auth/own-secret.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { connectionTo } from "../support/postgres-connection.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { makeClient, startTokenWorld, type TestClient, type TokenWorld, tokenService } from "./world.ts";

const TOKEN = "/oauth2/token";
const GRANT = { grant_type: "client_credentials" };

/** One server whose way to its database can be cut, and whose patience with wrong secrets is short. */
let database: TestDatabase;
let proxy: TcpProxy;
let world: TokenWorld;
let client: TestClient;
let token: string;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(database.app);
  const app = connectionTo({ ...database.app, host: "127.0.0.1", port: proxy.port });
  world = await startTokenWorld(tokenService(), {
    database: { ...database, app },
    config: { refusedCredentialRate: 1, principalRate: 5, principalBurst: 20, trustedProxies: ["127.0.0.1/32"] },
  });
  client = await makeClient(world, { scopes: ["check"] });
  token = String((await world.post(TOKEN, GRANT, { client })).body["access_token"]);
});
afterAll(async () => {
  await world.close();
  await proxy.close();
  await database.drop();
});

test("who tries secrets is slowed down by address, before any is looked at, and nobody else is", async () => {
  const from = (address: string, as: TestClient) =>
    world.post(TOKEN, GRANT, { client: as, headers: { "x-forwarded-for": address } });
  const wrong = () => ({ id: client.id, secret: newOwnSecret("rlc", "live", newPublicId()).text });
  const statuses: number[] = [];
  for (let tries = 0; tries < 20; tries++) statuses.push((await from("192.0.2.1", wrong())).status);
  expect([statuses[0], statuses.at(-1)]).toEqual([401, 503]);
  const { status, headers, body } = await from("192.0.2.1", client);
  expect([status, body["error"]]).toEqual([503, "temporarily_unavailable"]);
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await from("192.0.2.2", client)).status).toBe(200);
});

test("a client that asks for more than its rate waits, and others do not", async () => {
  const other = await makeClient(world, { scopes: ["check"] });
  const asked = Array.from({ length: 60 }, () => world.post(TOKEN, GRANT, { client: other }));
  const answers = await Promise.all(asked);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
  for (const { status, headers, body } of answers) {
    if (status === 200) continue;
    expect([body["error"], Number(headers.get("retry-after")) > 0]).toEqual(["temporarily_unavailable", true]);
  }
  expect((await world.post(TOKEN, GRANT, { client })).status).toBe(200);
});

test("without its database it is temporarily unavailable, and never says that a grant or a client is bad", async () => {
  await proxy.close();
  const refresh = { grant_type: "refresh_token", refresh_token: newOwnSecret("rlr", "live", newPublicId()).text };
  for (const [path, form] of [
    [TOKEN, GRANT],
    [TOKEN, refresh],
    ["/oauth2/introspect", { token }],
    ["/oauth2/revoke", { token }],
  ] as const) {
    const { status, headers, body } = await world.post(path, form, { client });
    expect([status, body["error"], headers.get("cache-control")], path).toEqual([
      503,
      "temporarily_unavailable",
      "no-store",
    ]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(JSON.stringify(body)).not.toMatch(/ECONN|postgres|127\.0\.0\.1/i);
  }
  // Public keys are known all the same: others can go on verifying.
  const { keys } = (await (await fetch(`${world.server.httpUrl}/.well-known/jwks.json`)).json()) as { keys: object[] };
  expect(keys).toHaveLength(1);
});
