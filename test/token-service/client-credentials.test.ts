import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wireQuestion, writeTuples } from "../support/server-seed.ts";
import { OWN_AUDIENCE, OWN_ISSUER, startTokenWorld, type TokenWorld, tokenService } from "./world.ts";

let world: TokenWorld;
let client: { readonly id: string; readonly secret: string };

beforeAll(async () => {
  world = await startTokenWorld(tokenService());
  await writeTuples(world.admin, "+document:readme#viewer@user:ann");
  const made = await world.admin.clients.createClient({ name: "robot", scopes: ["check", "tuples:read"] });
  client = { id: made.client?.clientId ?? "", secret: made.clientSecret };
});
afterAll(() => world.close());

const GRANT = { grant_type: "client_credentials" };

describe("client credentials", () => {
  test("give a token by RFC 9068 that the key set proves and Check accepts", async () => {
    const { status, headers, body } = await world.post("/oauth2/token", GRANT, { client });
    expect(body).toMatchObject({ token_type: "Bearer", expires_in: 600, scope: "check tuples:read" });
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    const keys = await (await fetch(`${world.server.httpUrl}/.well-known/jwks.json`)).json();
    const token = String(body["access_token"]);
    const demands = { issuer: OWN_ISSUER, audience: OWN_AUDIENCE, typ: "at+jwt" };
    const proved = await jwtVerify(token, createLocalJWKSet(keys as { keys: [] }), demands);
    expect(proved.payload).toMatchObject({ sub: `client:${client.id}`, client_id: client.id, tenant: world.slug });
    const question = wireQuestion("document:readme#view@user:ann");
    const consistency = { requirement: { case: "fullyConsistent", value: true } } as const;
    const { decision } = await world.bearer(token).authorization.check({ ...question, consistency });
    expect(decision).toBe(1);
  });
});
