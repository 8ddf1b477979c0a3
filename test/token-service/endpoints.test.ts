import { createClient } from "@connectrpc/connect";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CallError } from "../../src/client/call-error.ts";
import { AuditService } from "../../src/gen/relata/v1/audit_service_pb.ts";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { writeTuples } from "../support/server-seed.ts";
import { TRANSPORTS } from "../support/server-transports.ts";
import type { Claims } from "../support/tokens-raw.ts";
import {
  type Answered,
  check,
  claimsOf,
  makeClient,
  OWN_AUDIENCE,
  OWN_ISSUER,
  startTokenWorld,
  type TestClient,
  type TokenWorld,
  tokenService,
} from "./world.ts";

let world: TokenWorld;
let client: TestClient;
let other: TestClient;

beforeAll(async () => {
  world = await startTokenWorld(tokenService(), { config: { refusedCredentialRate: 0 } });
  await writeTuples(world.admin, "+document:readme#viewer@user:ann");
  client = await makeClient(world, { scopes: ["check", "tuples:read"] });
  other = await makeClient(world, { scopes: ["check"] });
});
afterAll(() => world.close());

const TOKEN = "/oauth2/token";
const GRANT = { grant_type: "client_credentials" };
const BAD_CLIENT = {
  error: "invalid_client",
  error_description: "the client is not known, or its secret is not accepted",
};

async function tokenOf(of: TestClient, form: Readonly<Record<string, string>> = {}): Promise<string> {
  const { body } = await world.post(TOKEN, { ...GRANT, ...form }, { client: of });
  return String(body["access_token"]);
}

/** The token's bearer is let in or not, once every process has heard of what came before. */
async function reasonOf(token: string): Promise<string> {
  await world.server.trust.poll();
  return check(world.bearer(token)).then(
    () => "let in",
    (error: unknown) => (error instanceof CallError ? error.reason : String(error)),
  );
}

describe("client credentials (RFC 6749 §4.4, RFC 9068)", () => {
  test("give a token that the key set proves and Check accepts", async () => {
    const { status, headers, body } = await world.post(TOKEN, GRANT, { client });
    expect(body).toMatchObject({ token_type: "Bearer", expires_in: 600, scope: "check tuples:read" });
    expect(body).not.toHaveProperty("refresh_token");
    expect([status, headers.get("cache-control"), headers.get("pragma")]).toEqual([200, "no-store", "no-cache"]);
    expect(headers.get("access-control-allow-origin")).toBeNull();
    const keys = (await (await fetch(`${world.server.httpUrl}/.well-known/jwks.json`)).json()) as { keys: [] };
    const token = String(body["access_token"]);
    const demands = { issuer: OWN_ISSUER, audience: OWN_AUDIENCE, typ: "at+jwt", algorithms: ["ES256"] };
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), demands);
    const { exp = 0, iat = 0, jti } = payload;
    expect(payload).toMatchObject({ sub: `client:${client.id}`, client_id: client.id, tenant: world.slug });
    expect([exp - iat, jti?.length]).toEqual([600, 22]);
    expect(await check(world.bearer(token))).toBe(Decision.ALLOWED);
  });

  test("can ask for fewer scopes, and not for more", async () => {
    const { body } = await world.post(TOKEN, { ...GRANT, scope: "check" }, { client });
    expect([body["scope"], claimsOf(body["access_token"])["scope"]]).toEqual(["check", "check"]);
    for (const scope of ["tuples:write", "check tuples:write", "check  tuples:read", "openid"]) {
      const refused = await world.post(TOKEN, { ...GRANT, scope }, { client });
      expect([refused.status, refused.body["error"]], scope).toEqual([400, "invalid_scope"]);
    }
  });

  test("hold what the client holds: narrowed to objects, its tokens reach no other", async () => {
    const narrow = await makeClient(world, { scopes: ["check"], objects: [{ type: "document", relations: ["view"] }] });
    const token = await tokenOf(narrow);
    expect(claimsOf(token)["objects"]).toEqual([{ type: "document", relations: ["view"] }]);
    expect(await check(world.bearer(token))).toBe(Decision.ALLOWED);
    await expect(check(world.bearer(token), "organization:acme#member@user:ann")).rejects.toMatchObject({
      reason: "PERMISSION_DENIED",
    });
  });

  test("are for the client's tenant alone", async () => {
    const { slug } = await world.server.createTenant();
    await expect(check(world.bearer(await tokenOf(client), slug))).rejects.toMatchObject({
      reason: "PERMISSION_DENIED",
    });
  });
});

describe("a client (RFC 6749 §2.3)", () => {
  test("authenticates by Basic or in the form, and not by both", async () => {
    const form = { client_id: client.id, client_secret: client.secret };
    expect((await world.post(TOKEN, { ...GRANT, ...form })).status).toBe(200);
    const both = await world.post(TOKEN, { ...GRANT, ...form }, { client });
    expect([both.status, both.body["error"]]).toEqual([400, "invalid_request"]);
    const another = await world.post(TOKEN, { ...GRANT, client_id: other.id }, { client });
    expect([another.status, another.body["error"]]).toEqual([400, "invalid_request"]);
  });

  test("that is not proved gets one answer, whatever is wrong", async () => {
    const [, , keyId = "", rest = ""] = client.secret.split("_");
    const typo = rest.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    const wrong: readonly TestClient[] = [
      { id: client.id, secret: "nonsense" },
      { id: client.id, secret: `rlc_live_${keyId}_${typo}` },
      { id: client.id, secret: other.secret },
      { id: "nobody", secret: client.secret },
      { id: client.id, secret: client.secret.replace("rlc_", "rlr_") },
    ];
    for (const claimed of wrong) {
      const { status, headers, body } = await world.post(TOKEN, GRANT, { client: claimed });
      expect(body, claimed.secret).toEqual(BAD_CLIENT);
      expect([status, headers.get("www-authenticate")]).toEqual([401, 'Basic realm="relata", charset="UTF-8"']);
    }
    expect((await world.post(TOKEN, GRANT)).body).toEqual(BAD_CLIENT);
    expect((await world.post(TOKEN, GRANT, { headers: { authorization: "Basic !!" } })).body).toEqual(BAD_CLIENT);
  });

  test("keeps its old secret for the overlap of a rotation, and no longer", async () => {
    const robot = await makeClient(world, { scopes: ["check"] });
    const overlap = { seconds: 3600n, nanos: 0 };
    const rotated = await world.admin.clients.rotateClientSecret({ clientId: robot.id, overlap });
    const newer = { id: robot.id, secret: rotated.clientSecret };
    expect(rotated.client?.secrets).toHaveLength(2);
    expect((await world.post(TOKEN, GRANT, { client: robot })).status).toBe(200);
    expect((await world.post(TOKEN, GRANT, { client: newer })).status).toBe(200);
    const last = await world.admin.clients.rotateClientSecret({ clientId: robot.id });
    expect(last.client?.secrets).toHaveLength(1);
    for (const old of [robot, newer]) expect((await world.post(TOKEN, GRANT, { client: old })).status).toBe(401);
    expect((await world.post(TOKEN, GRANT, { client: { id: robot.id, secret: last.clientSecret } })).status).toBe(200);
  });

  test("has ten secrets at a time at most, and one after a rotation without overlap", async () => {
    const robot = await makeClient(world, { scopes: ["check"] });
    const rotate = (seconds: bigint) =>
      world.admin.clients.rotateClientSecret({ clientId: robot.id, overlap: { seconds, nanos: 0 } });
    for (let secrets = 2; secrets <= 10; secrets += 1)
      expect((await rotate(3600n)).client?.secrets).toHaveLength(secrets);
    await expect(rotate(3600n)).rejects.toMatchObject({ reason: "TOO_MANY_CREDENTIALS" });
    expect((await rotate(0n)).client?.secrets).toHaveLength(1);
  });

  test("that was deleted is refused, and so are its tokens", async () => {
    const robot = await makeClient(world, { scopes: ["check"] });
    const token = await tokenOf(robot);
    expect(await reasonOf(token)).toBe("let in");
    await world.admin.clients.deleteClient({ clientId: robot.id });
    expect(await reasonOf(token)).toBe("UNAUTHENTICATED");
    expect((await world.post(TOKEN, GRANT, { client: robot })).body).toEqual(BAD_CLIENT);
    await expect(world.admin.clients.deleteClient({ clientId: robot.id })).rejects.toMatchObject({
      reason: "CLIENT_NOT_FOUND",
    });
  });

  test("holds no more than its maker, and its secret is shown once", async () => {
    const maker = world.server.client(world.slug, { scope: "credentials:write credentials:read check" });
    const tooBroad = maker.clients.createClient({ name: "x", scopes: ["check", "tuples:read"] });
    await expect(tooBroad).rejects.toMatchObject({ reason: "CREDENTIAL_TOO_BROAD" });
    const made = await maker.clients.createClient({ name: "x", scopes: ["check"] });
    const listed = await maker.clients.listClients({});
    const found = listed.clients.find(({ clientId }) => clientId === made.client?.clientId);
    expect(found).toEqual(made.client);
    expect(JSON.stringify(listed.clients.map(({ secrets }) => secrets.map(({ keyId }) => keyId)))).not.toContain(
      made.clientSecret.split("_")[3],
    );
    expect(made.clientSecret).toMatch(/^rlc_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
  });

  test.each([
    ["no scope", { name: "x", scopes: [] }, "INVALID_REQUEST"],
    ["a scope beyond the service's", { name: "x", scopes: ["schema:write"] }, "INVALID_REQUEST"],
    ["a grant there is none of", { name: "x", scopes: ["check"], grantTypes: ["password"] }, "INVALID_REQUEST"],
    ["refreshing alone", { name: "x", scopes: ["check"], grantTypes: ["refresh_token"] }, "INVALID_REQUEST"],
    [
      "limits of what has none",
      { name: "x", scopes: ["schema:read"], objects: [{ type: "document" }] },
      "INVALID_REQUEST",
    ],
  ])("is not made with %s", async (_name, request, reason) => {
    await expect(world.admin.clients.createClient(request)).rejects.toMatchObject({ reason });
  });
});

describe("requests (RFC 6749 §3.2, §5.2)", () => {
  const raw = async (body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> => {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const response = await fetch(`${world.server.httpUrl}${TOKEN}`, {
      method: "POST",
      body,
      headers: { ...type, ...headers },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answered["body"] };
  };

  test.each([
    ["a parameter twice", "grant_type=client_credentials&grant_type=client_credentials", {}],
    ["no grant", "scope=check", {}],
    ["JSON", '{"grant_type":"client_credentials"}', { "content-type": "application/json" }],
    [
      "another charset",
      "grant_type=client_credentials",
      { "content-type": "application/x-www-form-urlencoded; charset=latin1" },
    ],
    ["more than 16 KiB", `grant_type=client_credentials&x=${"y".repeat(16 * 1024)}`, {}],
    ["bytes that are no text", "grant_type=%ff", {}],
    ["too many parameters", Array.from({ length: 40 }, (_, at) => `p${at}=1`).join("&"), {}],
  ])("with %s are invalid_request", async (_name, body, headers) => {
    const { status, body: answer, headers: sent } = await raw(body, headers);
    expect([status, answer["error"], sent.get("cache-control")]).toEqual([400, "invalid_request", "no-store"]);
  });

  test("of a grant there is none of say so, and an empty parameter counts as left out", async () => {
    expect((await world.post(TOKEN, { grant_type: "password" }, { client })).body["error"]).toBe(
      "unsupported_grant_type",
    );
    expect((await world.post(TOKEN, { ...GRANT, scope: "" }, { client })).body["scope"]).toBe("check tuples:read");
    expect(
      (await world.post(TOKEN, { grant_type: "refresh_token", refresh_token: "x" }, { client })).body["error"],
    ).toBe("unauthorized_client");
  });

  test("are POSTs", async () => {
    const response = await fetch(`${world.server.httpUrl}${TOKEN}?grant_type=client_credentials`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

describe("introspection (RFC 7662)", () => {
  const introspect = (token: string, as: TestClient | undefined = client, headers = {}) =>
    world.post("/oauth2/introspect", { token }, { ...(as && { client: as }), headers });

  test("shows a client of the tenant what a token says", async () => {
    const token = await tokenOf(client);
    const { body } = await introspect(token, other);
    const { iss, sub, aud, exp, jti, client_id, scope, tenant } = claimsOf(token);
    expect(body).toMatchObject({
      active: true,
      token_type: "Bearer",
      iss,
      sub,
      aud,
      exp,
      jti,
      client_id,
      scope,
      tenant,
    });
  });

  test("says of everything else nothing but that it is not active", async () => {
    const token = await tokenOf(client);
    const foreign = world.server.issuer.mint({ tenant: world.slug });
    for (const bad of ["x", `${token}x`, foreign, client.secret, `rlr_live_${"a".repeat(12)}_${"b".repeat(49)}`]) {
      expect((await introspect(bad)).body).toEqual({ active: false });
    }
    const { slug } = await world.server.createTenant();
    const admin = world.server.client(slug);
    const made = await admin.clients.createClient({ name: "stranger", scopes: ["check"] });
    const stranger = { id: made.client?.clientId ?? "", secret: made.clientSecret };
    expect((await introspect(token, stranger)).body).toEqual({ active: false });
  });

  test("is no use of an API token, whose record tells where it was used", async () => {
    const { secret, token } = await world.admin.credentials.createApiToken({ name: "job", scopes: ["check"] });
    expect((await introspect(secret)).body).toEqual({ active: false });
    await world.server.apiTokens.uses.flush();
    const { tokens } = await world.admin.credentials.listApiTokens({});
    const listed = tokens.find(({ keyId }) => keyId === token?.keyId);
    expect([listed?.name, listed?.lastUsedAt]).toEqual(["job", undefined]);
  });

  test("is for those who prove themselves: a client, or a caller that may read credentials", async () => {
    const token = await tokenOf(client);
    expect((await world.post("/oauth2/introspect", { token })).status).toBe(401);
    const as = (claims: Claims) => introspect(token, undefined, { authorization: world.server.issuer.bearer(claims) });
    expect((await as({ tenant: world.slug })).body["active"]).toBe(true);
    expect((await as({ tenant: "another" })).body).toEqual({ active: false });
    expect((await as({ tenant: world.slug, scope: "check" })).body["error"]).toBe("insufficient_scope");
    const refused = await introspect(token, undefined, { authorization: "Bearer x.y.z" });
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="relata", error="invalid_token"',
    ]);
  });
});

describe("revocation (RFC 7009)", () => {
  const revoke = (token: string, as: TestClient) => world.post("/oauth2/revoke", { token }, { client: as });

  test("ends the client's own token at once, and is answered 200 for whatever else", async () => {
    const token = await tokenOf(client);
    expect((await revoke(token, other)).status).toBe(200);
    expect(await reasonOf(token)).toBe("let in");
    for (const unknown of ["x", `${token}x`, `rlr_live_${"a".repeat(12)}_${"b".repeat(49)}`]) {
      expect((await revoke(unknown, client)).status).toBe(200);
    }
    expect((await revoke(token, client)).status).toBe(200);
    expect(await reasonOf(token)).toBe("UNAUTHENTICATED");
    expect((await world.post("/oauth2/introspect", { token }, { client })).body).toEqual({ active: false });
    expect((await revoke(token, client)).status).toBe(200);
  });

  test("is for clients that prove themselves", async () => {
    expect((await world.post("/oauth2/revoke", { token: "x" })).body).toEqual(BAD_CLIENT);
    expect((await world.post("/oauth2/revoke", {}, { client })).body["error"]).toBe("invalid_request");
  });
});

describe("documents for everybody", () => {
  test("name the endpoints (RFC 8414) and may be kept for five minutes", async () => {
    const response = await fetch(`${world.server.httpUrl}/.well-known/oauth-authorization-server`);
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    expect(await response.json()).toMatchObject({
      issuer: OWN_ISSUER,
      token_endpoint: `${OWN_ISSUER}/oauth2/token`,
      jwks_uri: `${OWN_ISSUER}/.well-known/jwks.json`,
      introspection_endpoint: `${OWN_ISSUER}/oauth2/introspect`,
      revocation_endpoint: `${OWN_ISSUER}/oauth2/revoke`,
      grant_types_supported: ["client_credentials"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    });
    expect((await fetch(response.url, { method: "POST" })).status).toBe(405);
  });

  test("show public keys and nothing else of them (RFC 7517)", async () => {
    const { keys } = (await (await fetch(`${world.server.httpUrl}/.well-known/jwks.json`)).json()) as {
      keys: object[];
    };
    expect(keys.map((key) => Object.keys(key).toSorted())).toEqual([["alg", "crv", "kid", "kty", "use", "x", "y"]]);
  });
});

test("what was issued and refused is on record, without a secret", async () => {
  await tokenOf(client);
  const authorization = world.server.issuer.bearer({ tenant: world.slug });
  const audit = createClient(
    AuditService,
    TRANSPORTS["Connect with JSON over HTTP/1.1"](world.server, { authorization }),
  );
  const { events } = await audit.query({ events: ["token.issued", "client.created"] });
  expect(new Set(events.map(({ event }) => event))).toEqual(new Set(["token.issued", "client.created"]));
  const text = JSON.stringify(events, (_key, value) => (typeof value === "bigint" ? String(value) : value));
  for (const { secret } of [client, other]) {
    expect(text + world.server.logText()).not.toContain(secret.split("_")[3]?.slice(0, 20));
  }
});
