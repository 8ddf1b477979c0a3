import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { expect, test } from "vitest";
import { newOwnSecret, newPublicId } from "../../src/auth/own-secret.ts";
import { writeTuples } from "../support/server-seed.ts";
import { EXCHANGE, type ExchangeWorld, ID_TOKEN, TARGET_REFUSED, TOKEN } from "./exchange-world.ts";
import { GRANT_REFUSED } from "./refresh-cases.ts";
import { claimsOf, makeClient, OWN_ISSUER, type TestClient } from "./world.ts";

const GRANT = { grant_type: "client_credentials" };

/** Each is an attack on the token endpoint, by its name. */
export function attackCases(world: () => ExchangeWorld): void {
  const resource = (slug: string) => ({ resource: `${OWN_ISSUER}/tenants/${slug}` });

  test("a tenant one is no member of, one that is suspended and one there is none of are one answer", async () => {
    const { open, otherSlug, server, exchange, idToken } = world();
    const { slug: suspended } = await server.createTenant();
    await server.operator.tenants.suspend({ slug: suspended });
    for (const slug of [otherSlug, suspended, "no-such-tenant"]) {
      const { status, body } = await exchange(idToken(), resource(slug), { at: open });
      expect([status, body], slug).toEqual([400, TARGET_REFUSED]);
    }
  });

  test("without a client, what is looked up tells nothing of a tenant, and neither do the bytes", async () => {
    const { open, slug, otherSlug, server, flights, idToken } = world();
    const { slug: suspended } = await server.createTenant();
    await server.operator.tenants.suspend({ slug: suspended });
    const strangers = idToken({ sub: "stranger" });
    const ask = async (named: string): Promise<string> => {
      const form = { grant_type: EXCHANGE, subject_token: strangers, subject_token_type: ID_TOKEN, ...resource(named) };
      flights.length = 0;
      const response = await fetch(`${open.httpUrl}${TOKEN}`, {
        method: "POST",
        body: new URLSearchParams(form),
        headers: { "x-request-id": "same" },
      });
      const headers = [...response.headers].filter(([name]) => name !== "date");
      return JSON.stringify([response.status, headers, await response.text(), flights]);
    };
    const unknown = await ask("no-such-tenant");
    // Those that exist come into memory first, which is done once and not by the one who asks.
    for (const existing of [slug, otherSlug]) await expect.poll(() => ask(existing)).toBe(unknown);
    expect(flights.length).toBeGreaterThan(1);
    for (const named of [slug, suspended, otherSlug, "another-one"]) expect(await ask(named), named).toBe(unknown);
  });

  test("a person without a client asks no faster than a principal may, and others are left alone", async () => {
    const { open, slug, exchange, idToken } = world();
    const ask = (token: string) => exchange(token, resource(slug), { at: open });
    const storm = idToken({ sub: "storm" });
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(storm)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 503]));
    const refused = answers.find(({ status }) => status === 503);
    expect([refused?.body["error"], Number(refused?.headers.get("retry-after")) > 0]).toEqual([
      "temporarily_unavailable",
      true,
    ]);
    expect((await ask(idToken())).status).toBe(200);
  });

  test("a confused client: one of tenant A gets nothing of tenant B, for whomever it asks", async () => {
    const { slug, otherSlug, otherAdmin, stranger, exchange, idToken } = world();
    await writeTuples(otherAdmin, `~organization:${otherSlug}#member@user:otto`);
    const asked = await exchange(idToken({ sub: "otto" }), resource(otherSlug));
    expect([asked.status, asked.body]).toEqual([400, TARGET_REFUSED]);
    // Nor is a member of its own tenant given a token of that one, or of its own in its place.
    expect((await exchange(idToken(), resource(otherSlug))).body).toEqual(TARGET_REFUSED);
    expect((await exchange(idToken(), resource(slug))).status).toBe(200);
    // Named as the client's own tenant names things, in the other tenant's tuples.
    await writeTuples(otherAdmin, `+organization:${slug}#member@user:otto`);
    expect((await exchange(idToken({ sub: "otto" }))).body).toEqual(TARGET_REFUSED);
    const own = await exchange(idToken({ sub: "otto" }), {}, { client: stranger });
    expect(claimsOf(own.body["access_token"])["tenant"]).toBe(otherSlug);
  });

  test.each(["", "https://evil.test/tenants/", `${OWN_ISSUER}/tenants/../`, `${OWN_ISSUER}/tenants/%2e/`])(
    "a resource that only looks like the tenant's (%s)",
    async (prefix) => {
      const { open, slug, exchange, idToken } = world();
      const { body } = await exchange(idToken(), { resource: `${prefix}${slug}` }, { at: open });
      expect(body).toEqual(TARGET_REFUSED);
    },
  );

  test("an audience of another service", async () => {
    const { exchange, idToken } = world();
    expect((await exchange(idToken(), { audience: "billing" })).body).toEqual(TARGET_REFUSED);
  });

  test("a wildcard makes nobody a member, unless that is configured", async () => {
    const { otherSlug, otherAdmin, open, stranger, exchange, idToken } = world();
    const ask = (sub: string, more = {}) => exchange(idToken({ sub }), {}, { client: stranger, ...more });
    await writeTuples(otherAdmin, `~organization:${otherSlug}#member@user:otto`);
    expect((await ask("otto")).status).toBe(200);
    await writeTuples(otherAdmin, `+organization:${otherSlug}#member@user:*`);
    expect((await ask("anybody")).body).toEqual(TARGET_REFUSED);
    expect(world().lastRefusal()).toContain("wildcard");
    expect((await ask("anybody", { at: open })).status).toBe(200);
    await writeTuples(otherAdmin, `+organization:${otherSlug}#banned@user:anybody`);
    expect((await ask("anybody", { at: open })).body).toEqual(TARGET_REFUSED);
    await writeTuples(otherAdmin, `-organization:${otherSlug}#member@user:*`);
    expect((await ask("otto")).status).toBe(200);
  });

  test.each(["*", "a b", "ann#member", "ann\u0000", "ännchen", "x".repeat(1_025)])(
    "a subject called %j is nobody's id, and nothing is escaped or cut to make it one",
    async (sub) => {
      const { exchange, idToken } = world();
      const { status, body } = await exchange(idToken({ sub }));
      expect([status, ["invalid_target", "invalid_request"].includes(String(body["error"]))]).toEqual([400, true]);
    },
  );

  test("another client's refresh token ends its family; another tenant's stays untouched", async () => {
    const { rival, stranger, signIn, refresh } = world();
    const { refresh: token } = await signIn();
    expect((await refresh(token, {}, { client: stranger })).body).toEqual(GRANT_REFUSED);
    const { body } = await refresh(token);
    const next = String(body["refresh_token"]);
    expect((await refresh(next, {}, { client: rival })).body).toEqual(GRANT_REFUSED);
    expect((await refresh(next)).body).toEqual(GRANT_REFUSED);
  });

  test("a forged refresh token of a known family is refused, and ends nothing", async () => {
    const { signIn, refresh } = world();
    const [one, two] = [await signIn(), await signIn()];
    const [, , family, rest] = one.refresh.split("_");
    const mixed = one.refresh.replace(`${family}_`, `${two.refresh.split("_")[2]}_`);
    for (const forged of [mixed, one.refresh.slice(0, -1), `rlr_live_${family}_${rest?.toLowerCase()}`]) {
      expect((await refresh(forged)).body).toEqual(GRANT_REFUSED);
    }
    expect((await refresh(one.refresh)).status).toBe(200);
    expect((await refresh(two.refresh)).status).toBe(200);
  });

  test("more scopes at the exchange or at a refresh than there are to give", async () => {
    const { admin, signIn, exchange, refresh, idToken } = world();
    const scopes = async (form: Readonly<Record<string, string>>, client?: TestClient) => {
      const { body } = await exchange(idToken(), form, ...(client === undefined ? [] : [{ client }]));
      return body["error"] ?? claimsOf(body["access_token"])["scope"];
    };
    expect(await scopes({ scope: "tuples:write" })).toBe("invalid_scope");
    expect(await scopes({ scope: "check tuples:write" })).toBe("check");
    // A client may hold more than is exchanged, and less.
    const about = { grantTypes: [EXCHANGE], objects: [{ type: "document", relations: ["view"] }] };
    const writer = await makeClient({ admin }, { ...about, scopes: ["tuples:write", "check"] });
    expect(await scopes({}, writer)).toBe("check");
    const { body } = await exchange(idToken(), {}, { client: writer });
    expect(claimsOf(body["access_token"])["objects"]).toEqual([{ type: "document", relations: ["view"] }]);
    const { body: narrowed } = await exchange(idToken(), { scope: "check" });
    for (const scope of ["tuples:read", "check tuples:read", "tuples:write", "credentials:write"]) {
      const { body: wider } = await refresh(String(narrowed["refresh_token"]), { scope });
      expect(wider["error"], scope).toBe("invalid_scope");
    }
    const { refresh: token } = await signIn();
    expect((await refresh(token, { scope: "check schema:write" })).body["error"]).toBe("invalid_scope");
    expect((await refresh(token)).status).toBe(200);
  });

  test("a client's secret is not handed to who holds less than the client", async () => {
    const { admin, server, slug } = world();
    const strong = await makeClient({ admin }, { scopes: ["tuples:write", "check"] });
    const keeper = server.client(slug, { scope: "credentials:write credentials:read check" });
    await expect(keeper.clients.rotateClientSecret({ clientId: strong.id })).rejects.toMatchObject({
      reason: "CREDENTIAL_TOO_BROAD",
    });
    expect((await world().post(TOKEN, GRANT, { client: strong })).status).toBe(200);
    const weak = await makeClient({ admin }, { scopes: ["check"] });
    expect((await keeper.clients.rotateClientSecret({ clientId: weak.id })).clientSecret).toMatch(/^rlc_live_/);
  });

  test("no binding makes more of relata's own tokens", async () => {
    const { server, app } = world();
    for (const subject of ["ann", `client:${app.id}`, "client:*"]) {
      const binding = { issuer: OWN_ISSUER, subject, platform: true, scopes: ["tenants:write"] };
      await expect(server.operator.credentials.putBinding({ binding })).rejects.toMatchObject({
        reason: "INVALID_REQUEST",
      });
    }
  });

  test("an unknown client costs what a wrong secret costs: one statement, one comparison", async () => {
    const { app, rival, post, statements } = world();
    const keyId = app.secret.split("_")[2] ?? "";
    const wrong = newOwnSecret("rlc", "live", keyId).text;
    const unknown = newOwnSecret("rlc", "live", newPublicId()).text;
    const work: unknown[] = [];
    for (const [id, secret] of [
      [app.id, wrong],
      [rival.id, wrong],
      ["nobody", wrong],
      [app.id, unknown],
      ["nobody", unknown],
      [rival.id, app.secret],
    ] as const) {
      statements.length = 0;
      const compared = await countComparisons(async () => {
        expect((await post(TOKEN, GRANT, { client: { id, secret } })).status).toBe(401);
      });
      work.push([compared, ...statements.filter((name) => name.includes("client") || name.includes("tenant"))]);
    }
    expect(work).toEqual(Array.from({ length: 6 }, () => [1, "client_by_secret"]));
  });
}

/** How often secrets are compared meanwhile. */
async function countComparisons(act: () => Promise<void>): Promise<number> {
  const { timingSafeEqual } = crypto;
  let count = 0;
  const counted: typeof timingSafeEqual = (left, right) => {
    count += 1;
    return timingSafeEqual(left, right);
  };
  Object.assign(crypto, { timingSafeEqual: counted });
  syncBuiltinESMExports();
  try {
    await act();
  } finally {
    Object.assign(crypto, { timingSafeEqual });
    syncBuiltinESMExports();
  }
  return count;
}
