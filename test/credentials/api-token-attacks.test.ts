import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newApiToken } from "../../src/auth/api-token-format.ts";
import type { RelataClient } from "../../src/client/relata-client.ts";
import type { TrustedIssuer } from "../../src/model/trust.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";

const OUTSIDE = "192.0.2.7";

/** Behind a proxy on this host; and two issuers: one whose tokens name a tenant, one whose subjects are bound. */
let server: TestServer;
let other: TestServer;
let issuer: TestIssuer;
let bound: TestIssuer;
let admin: RelataClient;
beforeAll(async () => {
  issuer = await startTestIssuer();
  bound = await startTestIssuer();
  const issuers: readonly TrustedIssuer[] = [issuer.trust(), bound.trust({ tenant: { kind: "bindings" } })];
  const config = { issuers, trustedProxies: ["127.0.0.1"], refusedCredentialRate: 0 };
  server = await startTestServer({ issuer, config });
  other = await startTestServer({ issuer, config, database: server.database });
  await server.createTenant("acme");
  admin = server.client("acme");
});
afterAll(async () => {
  await other.close();
  await server.close();
  await issuer.close();
  await bound.close();
});

async function create(more: object = {}, by = admin) {
  const answer = await by.credentials.createApiToken({ name: "a", scopes: ["schema:read"], ...more });
  return { secret: answer.secret, keyId: answer.token?.keyId ?? "" };
}

interface Call {
  readonly headers: readonly string[];
  readonly node?: TestServer;
  readonly method?: string;
  readonly body?: object;
}

/** Headers go out as they are, twice the same name included. */
function send({
  headers,
  node = server,
  method = "SchemaService/Validate",
  body = { text: "definition user {}" },
}: Call) {
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const payload = Buffer.from(JSON.stringify(body));
    const sent = request({
      host: "127.0.0.1",
      port: node.httpPort,
      path: `/relata.v1.${method}`,
      method: "POST",
      headers: [
        ...["host", "127.0.0.1", "content-type", "application/json", "content-length", String(payload.length)],
        ...headers,
      ],
    });
    sent.on("error", reject);
    sent.on("response", async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve({ status: response.statusCode ?? 0, text });
    });
    sent.end(payload);
  });
}

const ask = async (token: string, more: Omit<Call, "headers"> = {}) =>
  (await send({ headers: ["authorization", `Bearer ${token}`], ...more })).status;
const from = async (token: string, forwardedFor: string) =>
  (await send({ headers: ["authorization", `Bearer ${token}`, "x-forwarded-for", forwardedFor] })).status;

describe("an attacker with", () => {
  it("a key id from a log learns nothing by trying secrets", async () => {
    const { keyId } = await create();
    const tries = [keyId, keyId, "0".repeat(12)].map((id) => newApiToken("live", id).text);
    const answers = await Promise.all(tries.map((text) => send({ headers: ["authorization", `Bearer ${text}`] })));
    const shown = answers.map(({ status, text }) => `${status} ${text.replace(/[0-9a-f-]{36}/g, "id")}`);
    expect(new Set(shown).size).toBe(1);
    expect(shown[0]).toMatch(/^401 /);
  });

  it("two tokens sends them in vain: in one header, in two, or one beside another scheme", async () => {
    const [first, second] = [await create(), await create()].map(({ secret }) => `Bearer ${secret}`);
    const sent: (readonly string[])[] = [
      ["authorization", `${first}, ${second}`],
      ["authorization", `${first} ${second}`],
      ["authorization", `${first},${second?.slice(7)}`],
      ["authorization", first ?? "", "authorization", second ?? ""],
      ["authorization", first ?? "", "Authorization", "Basic eDp5"],
    ];
    for (const headers of sent) expect((await send({ headers })).status, String(headers)).toBeGreaterThanOrEqual(400);
  });

  it("a token and something around it is refused", async () => {
    const { secret } = await create();
    for (const around of [
      `"${secret}"`,
      `<${secret}>`,
      `${secret}\u00a0`,
      `\u00a0${secret}`,
      `${secret};`,
      `=${secret}`,
    ])
      expect(await ask(around), around).toBe(401);
    expect(await ask(secret)).toBe(200);
  });

  it("a token of a suspended tenant is turned away at once everywhere, and let in again with it", async () => {
    const { slug } = await server.createTenant();
    const { secret } = await create({}, server.client(slug));
    expect([await ask(secret), await ask(secret, { node: other })]).toEqual([200, 200]);
    await server.operator.tenants.suspend({ slug });
    await Promise.all([server.trust.poll(), other.trust.poll()]);
    expect([await ask(secret), await ask(secret, { node: other })]).toEqual([403, 403]);
    await server.operator.tenants.resume({ slug });
    await Promise.all([server.trust.poll(), other.trust.poll()]);
    expect([await ask(secret), await ask(secret, { node: other })]).toEqual([200, 200]);
  });

  it("a token that is for some addresses cannot say that it comes from there", async () => {
    const { secret } = await create({ allowedCidrs: ["192.0.2.0/24"] });
    expect(await from(secret, OUTSIDE)).toBe(200);
    expect(await from(secret, `::ffff:${OUTSIDE}`)).toBe(200);
    // The proxy adds whom it sees to what the caller says.
    expect(await from(secret, `${OUTSIDE}, 198.51.100.9`)).toBe(401);
    expect(await from(secret, "198.51.100.9")).toBe(401);
    expect(await ask(secret)).toBe(401);
  });
});

describe("nobody gets more than he has", () => {
  const make = async (maker: string, body: object) =>
    (
      await send({
        headers: ["authorization", `Bearer ${maker}`, "x-forwarded-for", OUTSIDE],
        method: "CredentialService/CreateApiToken",
        body: { name: "made", scopes: ["schema:read"], ...body },
      })
    ).text;

  it("by addresses: a token for some makes none for others, nor for all", async () => {
    const scopes = ["credentials:write", "schema:read"];
    const maker = await create({ scopes, allowedCidrs: ["192.0.2.0/24", "2001:db8::/32"] });
    const all = await create();
    for (const body of [{}, { allowedCidrs: ["192.0.2.0/23"] }, { allowedCidrs: ["192.0.2.1", "198.51.100.1"] }])
      expect(await make(maker.secret, body)).toContain("CREDENTIAL_TOO_BROAD");
    expect(await make(maker.secret, { allowedCidrs: ["192.0.2.128/25", "2001:db8:1::/48"] })).toContain('"secret"');
    // To rotate is to be given a secret.
    const rotate = (keyId: string) =>
      send({
        headers: ["authorization", `Bearer ${maker.secret}`, "x-forwarded-for", OUTSIDE],
        method: "CredentialService/RotateApiToken",
        body: { keyId },
      });
    expect((await rotate(all.keyId)).text).toContain("CREDENTIAL_TOO_BROAD");
    expect((await rotate(maker.keyId)).text).toContain('"allowedCidrs":["192.0.2.0/24","2001:db8::/32"]');
  });

  it("by reach: a caller whose check is of some relations makes and rotates tokens of these or fewer", async () => {
    const bind = (name: string, scopes: string[], objects: object[] = []) =>
      server.operator.credentials.putBinding({
        binding: { issuer: bound.issuer, subject: "narrow", name, tenants: ["acme"], scopes, objects },
      });
    await bind("manage", ["credentials:write"]);
    await bind("ask", ["check"], [{ type: "document", relations: ["viewer", "editor"] }]);
    await server.trust.poll();
    const narrow = server.client("acme", {}, { token: () => bound.mint({ sub: "narrow", tenant: undefined }) });
    const tooBroad = { reason: "CREDENTIAL_TOO_BROAD" };
    const check = { scopes: ["check"] };
    await expect(create(check, narrow)).rejects.toMatchObject(tooBroad);
    await expect(create({ ...check, objects: [{ type: "document" }] }, narrow)).rejects.toMatchObject(tooBroad);
    await expect(create({ ...check, objects: [{ type: "folder" }] }, narrow)).rejects.toMatchObject(tooBroad);
    const viewer = { ...check, objects: [{ type: "document", relations: ["viewer"] }] };
    const { keyId } = await create(viewer, narrow);
    const rotated = await narrow.credentials.rotateApiToken({ keyId });
    expect(rotated.token?.objects).toMatchObject(viewer.objects);
    const wider = await create({ ...check, objects: [{ type: "document" }] });
    await expect(narrow.credentials.rotateApiToken({ keyId: wider.keyId })).rejects.toMatchObject(tooBroad);
  });
});

it("a token made on one node is good on the other at once, and so is the one it is rotated to", async () => {
  const { secret, keyId } = await create();
  expect(await ask(secret, { node: other })).toBe(200);
  const rotated = await admin.credentials.rotateApiToken({ keyId });
  expect(await ask(rotated.secret, { node: other })).toBe(200);
  await other.trust.poll();
  expect(await ask(secret, { node: other })).toBe(401);
});
