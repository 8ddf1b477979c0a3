import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newApiToken } from "../../src/auth/api-token-format.ts";
import type { RelataClient } from "../../src/client/relata-client.ts";
import { ApiTokenState } from "../../src/gen/relata/v1/credential_service_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let server: TestServer;
let issuer: TestIssuer;
let admin: RelataClient;
let stranger: RelataClient;
let nowMs = Date.now();

beforeAll(async () => {
  issuer = await startTestIssuer({ now: () => nowMs });
  server = await startTestServer({ now: () => nowMs, issuer });
  await server.createTenant("acme");
  await server.createTenant("other");
  admin = server.client("acme");
  stranger = server.client("other");
});
afterAll(async () => {
  await server.close();
  await issuer.close();
});

/** Of good form, and none that was given out: of this key id, or of nobody's. */
const forged = (keyId: string) => newApiToken("live", keyId).text;

/** A call with an API token, as any other caller makes one. */
async function ask(token: string, method = "SchemaService/Validate", body: object = { text: "definition user {}" }) {
  const response = await fetch(`${server.httpUrl}/relata.v1.${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.text() };
}

const refusals = () =>
  server
    .logLines()
    .flatMap(({ detail }) =>
      typeof detail === "string" && detail.startsWith("api_token_") ? [detail.split(":")[0]] : [],
    );

async function create(more: object = {}) {
  const answer = await admin.credentials.createApiToken({ name: "ci", scopes: ["schema:read"], ...more });
  if (answer.token === undefined) throw new Error("no token");
  return { secret: answer.secret, token: answer.token };
}

describe("an API token", () => {
  it("proves its tenant with its own rights, and is shown once", async () => {
    const { secret, token } = await create();
    expect(secret).toMatch(/^rlt_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect((await ask(secret)).status).toBe(200);
    const denied = await ask(secret, "TupleService/Write", {});
    expect(denied.status).toBe(403);
    expect(denied.body).toContain("tuples:write");
    const { tokens } = await admin.credentials.listApiTokens({});
    expect(tokens.map(({ keyId }) => keyId)).toContain(token.keyId);
    expect(JSON.stringify(tokens, (_, value) => (typeof value === "bigint" ? String(value) : value))).not.toContain(
      secret.slice(-49),
    );
    expect(server.logText()).not.toContain(secret.slice(-49));
  });

  it("is refused alike when mistyped, unknown, or of another secret", async () => {
    const { secret, token } = await create();
    const other = (await create()).secret;
    const swapped = `${secret.slice(0, 22)}${other.slice(22)}`;
    const answers = [];
    for (const wrong of [
      secret.slice(0, -1),
      `${secret.slice(0, -1)}~`,
      swapped,
      forged("0".repeat(12)),
      forged(token.keyId),
    ])
      answers.push(await ask(wrong));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(new Set(answers.map(({ body }) => body.replace(/[0-9a-f-]{36}/g, "id"))).size).toBe(1);
    expect(refusals().slice(-5)).toEqual([
      "api_token_malformed",
      "api_token_malformed",
      "api_token_malformed",
      "api_token_unknown",
      "api_token_secret_wrong",
    ]);
  });

  it("is refused once it is revoked, and twice is no error", async () => {
    const { secret, token } = await create();
    expect((await ask(secret)).status).toBe(200);
    await admin.credentials.revokeApiToken({ keyId: token.keyId });
    const again = await admin.credentials.revokeApiToken({ keyId: token.keyId });
    expect(again.token?.state).toBe(ApiTokenState.REVOKED);
    await server.trust.poll();
    expect((await ask(secret)).status).toBe(401);
    expect(refusals().at(-1)).toBe("api_token_revoked");
    await expect(admin.credentials.rotateApiToken({ keyId: token.keyId })).rejects.toMatchObject({
      reason: "API_TOKEN_ENDED",
    });
  });

  it("is none of another tenant's", async () => {
    const { token } = await create();
    for (const attempt of [
      () => stranger.credentials.revokeApiToken({ keyId: token.keyId }),
      () => stranger.credentials.rotateApiToken({ keyId: token.keyId }),
      () => stranger.credentials.revokeApiToken({ keyId: "0".repeat(12) }),
    ])
      await expect(attempt()).rejects.toMatchObject({ reason: "API_TOKEN_NOT_FOUND" });
    expect((await stranger.credentials.listApiTokens({ includeInactive: true })).tokens).toEqual([]);
  });

  it("counts from its addresses only", async () => {
    const elsewhere = await create({ allowedCidrs: ["192.0.2.0/24", "2001:db8::/32"] });
    expect((await ask(elsewhere.secret)).status).toBe(401);
    expect(refusals().at(-1)).toBe("api_token_address");
    const here = await create({ allowedCidrs: ["127.0.0.0/8"] });
    expect((await ask(here.secret)).status).toBe(200);
    await expect(create({ allowedCidrs: ["127.0.0.1/33"] })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  });

  it("is rotated with overlap, and ends no later than before", async () => {
    const { secret, token } = await create({ objects: [], allowedCidrs: ["127.0.0.0/8"] });
    const rotated = await admin.credentials.rotateApiToken({ keyId: token.keyId, overlap: durationFromMs(HOUR_MS) });
    expect(rotated.token).toMatchObject({ rotatedFrom: token.keyId, allowedCidrs: ["127.0.0.0/8"], name: "ci" });
    expect(rotated.previous?.expiresAt?.seconds).toBe(BigInt(Math.floor((nowMs + HOUR_MS) / 1000)));
    await server.trust.poll();
    expect([(await ask(secret)).status, (await ask(rotated.secret)).status]).toEqual([200, 200]);
    nowMs += HOUR_MS;
    expect([(await ask(secret)).status, (await ask(rotated.secret)).status]).toEqual([401, 200]);
    expect(refusals().at(-1)).toBe("api_token_expired");
    const short = await create({ lifetime: durationFromMs(60_000) });
    const ended = await admin.credentials.rotateApiToken({
      keyId: short.token.keyId,
      overlap: durationFromMs(DAY_MS),
    });
    expect(ended.previous?.expiresAt).toEqual(short.token.expiresAt);
    const now = await admin.credentials.rotateApiToken({ keyId: ended.token?.keyId ?? "" });
    await server.trust.poll();
    expect((await ask(ended.secret)).status).toBe(401);
    expect((await ask(now.secret)).status).toBe(200);
  });

  it("says when it was last used, once that is written", async () => {
    const { secret, token } = await create();
    const lastUse = async () =>
      (await admin.credentials.listApiTokens({})).tokens.find(({ keyId }) => keyId === token.keyId);
    await ask(secret);
    expect((await lastUse())?.lastUsedAt).toBeUndefined();
    await server.apiTokens.uses.flush();
    expect(await lastUse()).toMatchObject({ lastUsedFrom: "127.0.0.1" });
    expect((await lastUse())?.lastUsedAt?.seconds).toBe(BigInt(Math.floor(nowMs / 1000)));
  });
});

describe("what a token can be given", () => {
  const narrow = () => server.client("acme", { scope: "schema:read credentials:write" }).credentials;

  it("is what the caller holds, and no more", async () => {
    await expect(
      narrow().createApiToken({ name: "more", scopes: ["schema:read", "tuples:write"] }),
    ).rejects.toMatchObject({
      reason: "CREDENTIAL_TOO_BROAD",
    });
    const { secret } = await narrow().createApiToken({ name: "same", scopes: ["schema:read"] });
    expect((await ask(secret)).status).toBe(200);
  });

  it("is within an API token that makes another, to its own end", async () => {
    const objects = [{ type: "document", relations: ["viewer"] }];
    const maker = await create({ scopes: ["credentials:write", "schema:read"], lifetime: durationFromMs(DAY_MS) });
    const make = (request: object) =>
      ask(maker.secret, "CredentialService/CreateApiToken", { name: "made", ...request });
    expect((await make({ scopes: ["check"] })).body).toContain("CREDENTIAL_TOO_BROAD");
    expect((await make({ scopes: ["schema:read"], lifetime: "172800s" })).body).toContain("CREDENTIAL_TOO_BROAD");
    const made = JSON.parse((await make({ scopes: ["schema:read"] })).body);
    expect(Date.parse(made.token.expiresAt)).toBe(nowMs + DAY_MS);
    const rotated = await ask(maker.secret, "CredentialService/RotateApiToken", { keyId: maker.token.keyId });
    expect(Date.parse(JSON.parse(rotated.body).token.expiresAt)).toBe(nowMs + DAY_MS);
    const all = await create({ scopes: ["check", "tuples:read"], objects });
    await expect(narrow().rotateApiToken({ keyId: all.token.keyId })).rejects.toMatchObject({
      reason: "CREDENTIAL_TOO_BROAD",
    });
  });

  it("is never narrowed where that would mean nothing, nor empty", async () => {
    const objects = [{ type: "document" }];
    for (const request of [{ objects }, { scopes: [] }, { scopes: ["everything"] }, { name: "" }, { name: "a\nb" }])
      await expect(create(request)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  });

  it("is what the tenant's policy allows", async () => {
    const credentials = admin.credentials;
    const before = (await credentials.getApiTokenPolicy({})).policy;
    expect(before).toMatchObject({ defaultLifetime: { seconds: 90n * 86_400n }, maxActive: 100 });
    const policy = {
      defaultLifetime: durationFromMs(HOUR_MS),
      maxLifetime: durationFromMs(2 * HOUR_MS),
      maxActive: 100,
    };
    await credentials.setApiTokenPolicy({ policy });
    const { token } = await create();
    expect(token.expiresAt?.seconds).toBe(BigInt(Math.floor((nowMs + HOUR_MS) / 1000)));
    await expect(create({ lifetime: durationFromMs(3 * HOUR_MS) })).rejects.toMatchObject({
      reason: "CREDENTIAL_TOO_BROAD",
    });
    await credentials.setApiTokenPolicy({ policy: { ...policy, maxActive: 1 } });
    await expect(create()).rejects.toMatchObject({ reason: "TOO_MANY_CREDENTIALS" });
    await credentials.setApiTokenPolicy({ policy: { ...policy, maxActive: 1000 } });
    // Of twenty that come at once, as many are made as there is room for.
    const active = (await credentials.listApiTokens({})).tokens.length;
    await credentials.setApiTokenPolicy({ policy: { ...policy, maxActive: active + 3 } });
    const made = await Promise.allSettled(Array.from({ length: 20 }, () => create()));
    expect(made.filter(({ status }) => status === "fulfilled").length).toBe(3);
    await expect(
      credentials.setApiTokenPolicy({ policy: { ...policy, maxLifetime: durationFromMs(1) } }),
    ).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  });
});

it("lists tokens page by page, newest first", async () => {
  const client = server.client("other").credentials;
  const ids: string[] = [];
  for (let made = 0; made < 5; made += 1) {
    nowMs += 1;
    const { token } = await client.createApiToken({ name: `t${made}`, scopes: ["check"] });
    ids.unshift(token?.keyId ?? "");
  }
  const listed: string[] = [];
  let pageToken = "";
  do {
    const page = await client.listApiTokens({ pageSize: 2, pageToken });
    listed.push(...page.tokens.map(({ keyId }) => keyId));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(listed).toEqual(ids);
  const { nextPageToken } = await client.listApiTokens({ pageSize: 2 });
  await expect(admin.credentials.listApiTokens({ pageToken: nextPageToken })).rejects.toMatchObject({
    reason: "INVALID_CURSOR",
  });
});
