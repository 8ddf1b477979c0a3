import { expect, test } from "vitest";
import { CallError } from "../../src/client/call-error.ts";
import { writeTuples } from "../support/server-seed.ts";
import type { ExchangeWorld } from "./exchange-world.ts";
import { check, claimsOf, OWN_ISSUER } from "./world.ts";

export const GRANT_REFUSED = {
  error: "invalid_grant",
  error_description: "the refresh token is not accepted: exchange a subject token again",
};

export function refreshCases(world: () => ExchangeWorld): void {
  /** Whether a token is let in, by each node, once both have heard of what came before. */
  const letIn = async (token: string): Promise<readonly boolean[]> => {
    const { server, open, bearerAt } = world();
    const nodes = [server, open];
    for (const { trust } of nodes) await trust.poll();
    return Promise.all(
      nodes.map((node) =>
        check(bearerAt(node, token)).then(
          () => true,
          (error: unknown) => {
            if (error instanceof CallError && error.reason === "UNAUTHENTICATED") return false;
            throw error;
          },
        ),
      ),
    );
  };

  test("are good for one use, which gives the next one", async () => {
    const { signIn, refresh, app } = world();
    const first = await signIn();
    const { status, headers, body } = await refresh(first.refresh);
    expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(body).toMatchObject({ token_type: "Bearer", expires_in: 600, scope: "check tuples:read" });
    const next = String(body["refresh_token"]);
    expect(next).not.toBe(first.refresh);
    expect(next.split("_")[2]).toBe(first.refresh.split("_")[2]);
    const { jti: _old, iat: _then, exp: _end, ...before } = claimsOf(first.access);
    expect(claimsOf(body["access_token"])).toMatchObject({ ...before, client_id: app.id });
    expect(claimsOf(body["access_token"])["jti"]).not.toBe(claimsOf(first.access)["jti"]);
    expect((await refresh(next)).status).toBe(200);
  });

  test("end with their whole family on every node when one is used twice", async () => {
    const { signIn, refresh, open, app } = world();
    const first = await signIn();
    const second = await refresh(first.refresh);
    const [secondAccess, secondRefresh] = [second.body["access_token"], second.body["refresh_token"]].map(String);
    const bystander = await signIn();
    expect(await letIn(first.access)).toEqual([true, true]);
    expect(await letIn(String(secondAccess))).toEqual([true, true]);
    const again = await refresh(first.refresh, {}, { client: app, at: open });
    expect([again.status, again.body]).toEqual([400, GRANT_REFUSED]);
    expect(await letIn(first.access)).toEqual([false, false]);
    expect(await letIn(String(secondAccess))).toEqual([false, false]);
    expect((await refresh(String(secondRefresh))).body).toEqual(GRANT_REFUSED);
    expect(await letIn(bystander.access)).toEqual([true, true]);
    expect((await refresh(bystander.refresh)).status).toBe(200);
  });

  test("let exactly one of many at once have the next, and then end", async () => {
    const { signIn, refresh, server, open, app } = world();
    const { refresh: token } = await signIn();
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, at) => refresh(token, {}, { client: app, at: at % 2 === 0 ? server : open })),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    for (const { status, body } of answers) if (status !== 200) expect(body).toEqual(GRANT_REFUSED);
    const [winner] = won;
    expect(await letIn(String(winner?.body["access_token"]))).toEqual([false, false]);
    expect((await refresh(String(winner?.body["refresh_token"]))).body).toEqual(GRANT_REFUSED);
  });

  test("are refused once their subject is no member any more, and good again when it is", async () => {
    const { slug, admin, signIn, refresh } = world();
    await writeTuples(admin, `+organization:${slug}#member@user:eve`);
    const { refresh: token } = await signIn("eve");
    await writeTuples(admin, `-organization:${slug}#member@user:eve`);
    expect((await refresh(token)).body).toEqual(GRANT_REFUSED);
    await writeTuples(admin, `+organization:${slug}#member@user:eve`);
    expect((await refresh(token)).status).toBe(200);
  });

  test("are refused once the subject token they came of is revoked", async () => {
    const { people, server, signIn, refresh } = world();
    const { access, refresh: token } = await signIn();
    const value = String(claimsOf(access)["orig_jti"]);
    await server.operator.credentials.revokeJwt({
      issuer: people.issuer,
      what: { case: "tokenId", value },
      reason: "lost",
    });
    expect(await letIn(access)).toEqual([false, false]);
    expect((await refresh(token)).body).toEqual(GRANT_REFUSED);
  });

  test("are refused once all that relata itself had issued to their subject is revoked", async () => {
    const { slug, admin, server, signIn, refresh } = world();
    await writeTuples(admin, `+organization:${slug}#member@user:fay`);
    const { access, refresh: token } = await signIn("fay");
    await server.operator.credentials.revokeJwt({
      issuer: OWN_ISSUER,
      what: { case: "subject", value: "fay" },
      reason: "left",
    });
    expect(await letIn(access)).toEqual([false, false]);
    expect((await refresh(token)).body).toEqual(GRANT_REFUSED);
  });

  test("can be narrowed for one answer and are as wide as before in the next", async () => {
    const { signIn, refresh } = world();
    const { refresh: token } = await signIn();
    const narrow = await refresh(token, { scope: "check" });
    expect([narrow.body["scope"], claimsOf(narrow.body["access_token"])["scope"]]).toEqual(["check", "check"]);
    expect((await refresh(String(narrow.body["refresh_token"]))).body["scope"]).toBe("check tuples:read");
  });

  test("are introspected by their own client alone, and revoked by it with what came of them (RFC 7009 §2.1)", async () => {
    const { app, rival, post, signIn, refresh } = world();
    const { access, refresh: token } = await signIn();
    const introspect = async (client: typeof app) => (await post("/oauth2/introspect", { token }, { client })).body;
    expect(await introspect(app)).toMatchObject({ active: true, token_type: "refresh_token", sub: "ann" });
    expect(await introspect(rival)).toEqual({ active: false });
    expect((await post("/oauth2/revoke", { token }, { client: rival })).status).toBe(200);
    expect(await letIn(access)).toEqual([true, true]);
    const hint = { token, token_type_hint: "access_token" };
    expect((await post("/oauth2/revoke", hint, { client: app })).status).toBe(200);
    expect(await introspect(app)).toEqual({ active: false });
    expect(await letIn(access)).toEqual([false, false]);
    expect((await refresh(token)).body).toEqual(GRANT_REFUSED);
  });

  test("end with their client", async () => {
    const { admin, makeApp, idToken, exchange, refresh } = world();
    const doomed = await makeApp();
    const { body } = await exchange(idToken(), {}, { client: doomed });
    await admin.clients.deleteClient({ clientId: doomed.id });
    expect((await refresh(String(body["refresh_token"]), {}, { client: doomed })).status).toBe(401);
    expect(await letIn(String(body["access_token"]))).toEqual([false, false]);
  });

  test("end with their family's time, however often they were rotated", async () => {
    const { advance, signIn, refresh, app, post } = world();
    const HALF_A_DAY = 12 * 3_600_000;
    const { refresh: first } = await signIn();
    advance(HALF_A_DAY);
    const { status, body } = await refresh(first);
    expect(status).toBe(200);
    advance(HALF_A_DAY);
    const token = String(body["refresh_token"]);
    expect((await post("/oauth2/introspect", { token }, { client: app })).body).toEqual({ active: false });
    expect((await refresh(token)).body).toEqual(GRANT_REFUSED);
  });
}
