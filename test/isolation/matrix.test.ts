import type { DescMethod } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../support/server.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";
import { OWN_ISSUER, tokenService } from "../token-service/world.ts";
import {
  bindingsFor,
  bySet,
  endedAs,
  type JwtSituations,
  jwtSituations,
  placesOf,
  REVOKED_JTI,
  type Situation,
  TENANTS,
} from "./matrix-callers.ts";
import { type MatrixClient, openGrpc, openJson } from "./matrix-client.ts";
import { ALL_SCOPES, generatedServices, type Row, SCOPE_SETS, TABLE } from "./matrix-table.ts";

/** Thousands of calls each: 1 to 2 s where nothing else runs. */
const SLOW = { timeout: 120_000 };

/** Calls under way at a time; a connection may have 250. */
const AT_ONCE = 100;

interface Cell {
  readonly procedure: string;
  readonly row: Row;
  readonly set: string;
  readonly situation: Situation;
}

let server: TestServer;
let claimed: TestIssuer;
let bound: TestIssuer;
let methods: readonly DescMethod[];
let jwts: JwtSituations;
let grpc: MatrixClient;
let json: MatrixClient;
let aheadMs = 0;

beforeAll(async () => {
  methods = (await generatedServices()).flatMap((service) => service.methods);
  [claimed, bound] = await Promise.all([startTestIssuer(), startTestIssuer()]);
  const operator = { subject: "operator", tenants: [], platform: true, scopes: ALL_SCOPES };
  server = await startTestServer({
    issuer: claimed,
    now: () => Date.now() + aheadMs,
    config: {
      issuers: [claimed.trust(), bound.trust({ tenant: { kind: "bindings" } })],
      bindings: [{ issuer: claimed.issuer, ...operator }, ...bindingsFor(bound.issuer)] as never,
      tokenService: tokenService({ scopes: ALL_SCOPES }),
      // Thousands are refused on purpose.
      refusedCredentialRate: 0,
      // What is revoked here is heard of by a poll; that nobody is let in on old news is shown elsewhere.
      trustMaxAgeMs: 60_000,
      defaultDeadlineMs: 60_000,
    },
  });
  for (const slug of TENANTS) await server.createTenant(slug);
  [grpc, json] = await Promise.all([openGrpc(server.grpcAddress), openJson(server.httpUrl)]);
  jwts = jwtSituations(claimed, bound);
  // Seen and remembered, then revoked.
  const revoked = [...jwts.main, ...jwts.more].filter(({ name }) => name.endsWith("revoked"));
  const seen = revoked.flatMap((situation) => cellsOf([situation], () => [...SCOPE_SETS.keys()]));
  const first = seen.filter(({ procedure }) => procedure.endsWith("/Check"));
  for (const { outcome } of await askAll(grpc, first)) expect(["reached", "denied"]).toContain(outcome);
  for (const { issuer } of [claimed, bound])
    await server.operator.credentials.revokeJwt({ issuer, what: { case: "tokenId", value: REVOKED_JTI } });
  await server.trust.poll();
});
afterAll(async () => {
  await Promise.all([grpc.close(), json.close()]);
  await server.close();
  await Promise.all([claimed.close(), bound.close()]);
});

function cellsOf(situations: readonly Situation[], setsFor: (row: Row) => readonly string[]): readonly Cell[] {
  return Object.entries(TABLE).flatMap(([procedure, row]) =>
    setsFor(row).flatMap((set) => situations.map((situation) => ({ procedure, row, set, situation }))),
  );
}

async function askAll(client: MatrixClient, cells: readonly Cell[]) {
  const streams = streaming();
  const seen = [];
  for (let at = 0; at < cells.length; at += AT_ONCE) {
    const asked = cells.slice(at, at + AT_ONCE).map(async (cell) => {
      const { procedure, set, situation } = cell;
      const authorization = situation.credential(set);
      const chosen = situation.header === undefined ? {} : { "relata-tenant": situation.header };
      const proof = authorization === "" ? {} : { authorization };
      const headers = { ...proof, "x-request-id": "same", ...chosen };
      return { cell, ...(await client.ask({ procedure, streams: streams.has(procedure), headers })) };
    });
    seen.push(...(await Promise.all(asked)));
  }
  return seen;
}

const streaming = () => new Set(methods.filter(({ methodKind }) => methodKind !== "unary").map(nameOf));

const nameOf = ({ parent, name }: DescMethod): string => `${parent.typeName}/${name}`;

/** Each cell as it must be, and what is refused for a tenant alike for every tenant; says how many there were. */
async function expectMatrix(what: string, client: MatrixClient, cells: readonly Cell[]): Promise<void> {
  const wrong: string[] = [];
  const refusedIn = new Map<string, Set<string>>();
  const unproved = [new Set<string>(), new Set<string>()] as const;
  const streams = streaming();
  for (const { cell, outcome, bytes } of await askAll(client, cells)) {
    const { procedure, row, set, situation } = cell;
    const holds = SCOPE_SETS.get(set)?.includes(row.scope) === true;
    const expected = situation.expected(row, holds);
    if (outcome !== expected) wrong.push(`${procedure}, ${situation.name}, scopes ${set}: ${outcome}, not ${expected}`);
    // Over JSON a stream has another form than an answer of one message.
    if (expected === "unauthenticated") unproved[streams.has(procedure) ? 1 : 0].add(bytes);
    // Of a platform principal the set tells: what it holds is its own affair.
    const platform = situation.name.startsWith("platform");
    if (expected !== "denied" || !/(?:other|unknown) tenant$/.test(situation.name)) continue;
    const key = `${procedure}, ${platform ? `platform, scopes ${set}` : "tenant"}`;
    refusedIn.set(key, (refusedIn.get(key) ?? new Set()).add(bytes));
  }
  console.info(`${what}: ${cells.length} cells`);
  expect(wrong).toEqual([]);
  expect([...refusedIn].filter(([, seen]) => seen.size !== 1).map(([key]) => key)).toEqual([]);
  expect(unproved.map(({ size }) => size)).toEqual([1, 1]);
}

/** Each scope alone, none, all, and all but the one it takes. */
const everySet = ({ scope }: Row) => ["none", "all", ...ALL_SCOPES, `all but ${scope}`];
/** Those that tell most. */
const twoSets = ({ scope }: Row) => [scope, `all but ${scope}`];
const neededAlone = ({ scope }: Row) => [scope];

test("the table has every method of the generated code", () => {
  expect(methods.length).toBeGreaterThan(40);
  expect(Object.keys(TABLE).toSorted()).toEqual(methods.map(nameOf).toSorted());
});

test("every method, every scope, every kind of tenant and caller, over gRPC", SLOW, async () => {
  await expectMatrix("JWTs over gRPC", grpc, [...cellsOf(jwts.main, everySet), ...cellsOf(jwts.more, twoSets)]);
});

test("and over JSON, where what is let in is answered by its verb", SLOW, async () => {
  await expectMatrix("JWTs over JSON", json, cellsOf(jwts.main, twoSets));
});

test("with API tokens and relata's own tokens, live, revoked and expired", SLOW, async () => {
  const pairs = [await apiTokens(), await ownTokens()];
  await server.trust.poll();
  const situations = pairs.flatMap(([live, revoked]) => [...placesOf(live), endedAs("revoked", revoked)]);
  await expectMatrix("tokens of relata over gRPC", grpc, cellsOf(situations, twoSets));
  aheadMs += 20 * 60_000;
  const expired = pairs.map(([live]) => endedAs("expired", live));
  await expectMatrix("the same when they have expired", grpc, cellsOf(expired, neededAlone));
  await expectMatrix("and over JSON", json, cellsOf(expired, neededAlone));
});

const LIVING = [...SCOPE_SETS].filter(([set]) => set !== "none");

/** Live ones, and one that is revoked in the place of all of them. */
async function apiTokens(): Promise<readonly [Situation["credential"], Situation["credential"]]> {
  const { credentials } = server.client("north");
  const lifetime = { seconds: 600n, nanos: 0 };
  const make = (scopes: readonly string[]) => credentials.createApiToken({ name: "m", scopes: [...scopes], lifetime });
  const made = new Map<string, string>();
  for (const [set, scopes] of LIVING) made.set(set, `Bearer ${(await make(scopes)).secret}`);
  const { secret, token } = await make(ALL_SCOPES);
  await credentials.revokeApiToken({ keyId: token?.keyId ?? "" });
  return [bySet((set) => made.get(set) ?? ""), () => `Bearer ${secret}`];
}

async function ownTokens(): Promise<readonly [Situation["credential"], Situation["credential"]]> {
  const { clients } = server.client("north");
  const { client, clientSecret } = await clients.createClient({ name: "m", scopes: ALL_SCOPES });
  const basic = `Basic ${Buffer.from(`${client?.clientId}:${clientSecret}`).toString("base64")}`;
  const make = async (scopes: readonly string[]) => {
    const body = new URLSearchParams({ grant_type: "client_credentials", scope: scopes.join(" ") });
    const headers = { authorization: basic };
    const answer = await fetch(`${server.httpUrl}/oauth2/token`, { method: "POST", headers, body });
    return ((await answer.json()) as { readonly access_token: string }).access_token;
  };
  const made = new Map<string, string>();
  for (const [set, scopes] of LIVING) made.set(set, `Bearer ${await make(scopes)}`);
  const revoked = await make(ALL_SCOPES);
  const { jti } = JSON.parse(Buffer.from(revoked.split(".")[1] ?? "", "base64url").toString()) as { jti: string };
  await server.operator.credentials.revokeJwt({ issuer: OWN_ISSUER, what: { case: "tokenId", value: jti } });
  return [bySet((set) => made.get(set) ?? ""), () => `Bearer ${revoked}`];
}
