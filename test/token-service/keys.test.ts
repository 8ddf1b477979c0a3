import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CallError } from "../../src/client/call-error.ts";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { SigningKeyState } from "../../src/gen/relata/v1/client_service_pb.ts";
import { createClock } from "../support/clock.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { writeTuples } from "../support/server-seed.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";
import {
  checkOver,
  claimsOf,
  makeClient,
  OWN_AUDIENCE,
  startTokenWorld,
  type TestClient,
  type TokenWorld,
  tokenService,
} from "./world.ts";

/** Two nodes of a fleet, by one clock. */
const clock = createClock(Date.now());
const MINUTE_MS = 60_000;
const TRANSPORT = "gRPC on the gRPC port";
let issuer: TestIssuer;
let world: TokenWorld;
let second: TestServer;
let client: TestClient;

beforeAll(async () => {
  issuer = await startTestIssuer({ now: clock.now });
  const settings = tokenService({ accessTokenLifetimeMs: "15m" });
  world = await startTokenWorld(settings, { now: clock.now, issuer });
  const { database, config } = world.server;
  const { tokenKeys } = config;
  second = await startTestServer({ now: clock.now, issuer, database, config: { tokenService: settings, tokenKeys } });
  await writeTuples(world.admin, "+document:readme#viewer@user:ann");
  client = await makeClient(world, { scopes: ["check"] });
});
afterAll(async () => {
  await second.close();
  await world.close();
  await issuer.close();
});

async function newToken(at: TestServer = world.server): Promise<string> {
  const { status, body } = await world.post("/oauth2/token", { grant_type: "client_credentials" }, { client, at });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return String(body["access_token"]);
}

function kidOf(token: string): string {
  const header = Buffer.from(token.split(".")[0] ?? "", "base64url").toString("utf8");
  return (JSON.parse(header) as { readonly kid: string }).kid;
}

async function keySet(node: TestServer): Promise<{ keys: { kid: string }[] }> {
  return (await (await fetch(`${node.httpUrl}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
}

const kidsOf = async (node: TestServer) => (await keySet(node)).keys.map(({ kid }) => kid);
const nodes = () => [world.server, second];

async function everybodyHears(): Promise<void> {
  for (const { trust } of nodes()) await trust.poll();
}

/** What each node says to the bearer. */
function answers(token: string): Promise<readonly unknown[]> {
  return Promise.all(
    nodes().map(async ({ httpUrl }) => {
      const response = await fetch(`${httpUrl}/relata.v1.AuthorizationService/Check`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({
          object: { type: "document", id: "readme" },
          permission: "view",
          subject: { object: { type: "user", id: "ann" } },
        }),
      });
      const { decision, code } = (await response.json()) as { readonly decision?: string; readonly code?: string };
      return decision === "DECISION_ALLOWED" ? "allowed" : code;
    }),
  );
}

const states = async () =>
  (await world.server.operator.clients.listSigningKeys({})).keys.map(({ kid, state }) => [kid, nameOf(state)]);

function nameOf(state: SigningKeyState | undefined): string | undefined {
  return Object.entries(SigningKeyState).find(([, value]) => value === state)?.[0];
}

test("rotation refuses no valid token on two nodes, while the keys change hands and go", async () => {
  const before = kidOf(await newToken());
  const held: string[] = [];
  const signed = new Set<string>();
  let checked = 0;
  /** New tokens on both nodes, and all that have a minute left shown to the other one and to the other one's key set. */
  const load = async (): Promise<void> => {
    const made = await Promise.all(nodes().map(newToken));
    held.push(...made);
    for (const token of made) signed.add(kidOf(token));
    const valid = held.filter((token) => Number(claimsOf(token)["exp"]) * 1_000 > clock.now() + MINUTE_MS);
    await Promise.all(
      valid.map(async (token) => {
        expect(await answers(token)).toEqual(["allowed", "allowed"]);
        checked += 1;
      }),
    );
    for (const node of nodes()) {
      const demands = { audience: OWN_AUDIENCE, currentDate: new Date(clock.now()) };
      const keys = createLocalJWKSet(await keySet(node));
      for (const token of valid) await jwtVerify(token, keys, demands);
    }
  };
  const [{ key }] = await Promise.all([world.server.operator.clients.rotateSigningKey({}), load(), load()]);
  expect(nameOf(key?.state)).toBe("NEXT");
  for (let minute = 0; minute < 24; minute += 4) {
    await everybodyHears();
    if (minute === 4) {
      expect([...signed]).toEqual([before]);
      for (const node of nodes()) expect((await kidsOf(node)).toSorted()).toEqual([before, key?.kid].toSorted());
    }
    await load();
    clock.advance(4 * MINUTE_MS);
  }
  expect([signed.size, checked > 30]).toEqual([2, true]);
  for (const node of nodes()) expect(await kidsOf(node)).toEqual([key?.kid]);
  expect(await states()).toEqual([
    [key?.kid, "ACTIVE"],
    [before, "GONE"],
  ]);
});

test("a key that got out is withdrawn with all it signed, on every node", async () => {
  const stolen = await newToken(second);
  expect(await answers(stolen)).toEqual(["allowed", "allowed"]);
  const { key } = await world.server.operator.clients.rotateSigningKey({ withdrawOthers: true });
  await everybodyHears();
  expect(await answers(stolen)).toEqual(["unauthenticated", "unauthenticated"]);
  const fresh = await newToken(second);
  expect([kidOf(fresh), await answers(fresh)]).toEqual([key?.kid, ["allowed", "allowed"]]);
  for (const node of nodes()) expect(await kidsOf(node)).toEqual([key?.kid]);
});

test("there are no more keys than others read", async () => {
  const { clients } = world.server.operator;
  const rotate = async (left: number): Promise<number> => {
    try {
      await clients.rotateSigningKey({ now: true });
      return left === 0 ? 0 : rotate(left - 1);
    } catch (error) {
      expect(error instanceof CallError && error.reason).toBe("TOO_MANY_CREDENTIALS");
      return left;
    }
  };
  expect(await rotate(30)).toBeGreaterThan(0);
  expect((await kidsOf(world.server)).length).toBe(20);
  await everybodyHears();
  expect(await answers(await newToken())).toEqual(["allowed", "allowed"]);
});

test("keys whose `tokenKeys` are lost sign nothing and are no reason to let anybody in", async () => {
  const token = await newToken();
  const { database, config } = world.server;
  const settings = { tokenService: config.tokenService, tokenKeys: [{ id: "other", secret: "s".repeat(40) }] };
  const third = await startTestServer({ now: clock.now, issuer, database, config: settings });
  try {
    expect(await kidsOf(third)).toEqual([]);
    const grant = { grant_type: "client_credentials" };
    const { status, headers, body } = await world.post("/oauth2/token", grant, { client, at: third });
    expect([status, body["error"], headers.get("retry-after")]).toEqual([503, "temporarily_unavailable", "5"]);
    await expect(checkOver(TRANSPORT, third, token)).rejects.toThrow(/unauthenticated/i);
    await third.operator.clients.rotateSigningKey({ withdrawOthers: true });
    expect(await checkOver(TRANSPORT, third, await newToken(third))).toBe(Decision.ALLOWED);
  } finally {
    await third.close();
  }
});
