import { expect, test } from "vitest";
import { CallError } from "../../src/client/call-error.ts";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { writeTuples } from "../support/server-seed.ts";
import { TRANSPORT_NAMES } from "../support/server-transports.ts";
import { startTestIssuer } from "../support/tokens.ts";
import type { Claims } from "../support/tokens-raw.ts";
import { ACCESS_TOKEN, type ExchangeWorld, ID_TOKEN, PEOPLE_AUDIENCE, TARGET_REFUSED } from "./exchange-world.ts";
import { check, checkOver, claimsOf, OWN_AUDIENCE, OWN_ISSUER } from "./world.ts";

export function exchangeCases(world: () => ExchangeWorld): void {
  test("gives a member a token of the tenant, good on both ports by every protocol", async () => {
    const { slug, people, app, server, exchange, idToken } = world();
    const subjectToken = idToken();
    const { status, headers, body } = await exchange(subjectToken);
    expect(body).toMatchObject({
      token_type: "Bearer",
      issued_token_type: ACCESS_TOKEN,
      expires_in: 600,
      scope: "check tuples:read",
      refresh_token: expect.stringMatching(/^rlr_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/),
    });
    expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
    const claims = claimsOf(body["access_token"]);
    const { jti, iat } = claimsOf(subjectToken);
    expect(claims).toEqual({
      iss: OWN_ISSUER,
      aud: OWN_AUDIENCE,
      sub: "ann",
      client_id: app.id,
      tenant: slug,
      scope: "check tuples:read",
      iat: expect.any(Number),
      exp: Number(claims["iat"]) + 600,
      jti: expect.any(String),
      sid: String(body["refresh_token"]).split("_")[2],
      act: { iss: OWN_ISSUER, sub: `client:${app.id}` },
      orig_iss: people.issuer,
      orig_jti: jti,
      orig_iat: iat,
    });
    for (const name of TRANSPORT_NAMES) {
      expect(await checkOver(name, server, String(body["access_token"])), name).toBe(Decision.ALLOWED);
    }
  });

  test("is for members by relata's own tuples, as of now", async () => {
    const { slug, admin, exchange, idToken } = world();
    const ask = async () => (await exchange(idToken({ sub: "ben" }))).status;
    expect((await exchange(idToken({ sub: "ben" }))).body).toEqual(TARGET_REFUSED);
    await writeTuples(admin, `+organization:${slug}#member@user:ben`);
    expect(await ask()).toBe(200);
    await writeTuples(admin, `-organization:${slug}#member@user:ben`);
    expect(await ask()).toBe(400);
    await writeTuples(admin, `+organization:${slug}#member@group:staff#member`, "+group:staff#member@group:it#member");
    expect(await ask()).toBe(400);
    await writeTuples(admin, "+group:it#member@user:ben");
    expect(await ask()).toBe(200);
    await writeTuples(admin, `+organization:${slug}#banned@user:ben`);
    expect(await ask()).toBe(400);
  });

  test("takes a membership that hangs on a caveat for none", async () => {
    const { slug, admin, exchange, idToken } = world();
    await admin.tuples.write({
      updates: [
        {
          operation: 1,
          tuple: {
            object: { type: "organization", id: slug },
            relation: "member",
            subject: { object: { type: "user", id: "cleo" } },
            caveat: { name: "on_duty" },
          },
        },
      ],
    });
    expect((await exchange(idToken({ sub: "cleo" }))).body).toEqual(TARGET_REFUSED);
  });

  test.each<[string, string, (w: ExchangeWorld) => string | Promise<string>]>([
    ["an issuer that is not listed", "issuer_unknown", fromElsewhere],
    [
      "an issuer of callers, which is none of people",
      "issuer_unknown",
      ({ server }) => server.issuer.mint({ sub: "ann" }),
    ],
    ["this very token service", "issuer_unknown", async ({ signIn }) => (await signIn()).access],
    ["another audience", "audience_mismatch", ({ idToken }) => idToken({ aud: "another-app" })],
    ["no audience", "claim_missing", ({ idToken }) => idToken({ aud: undefined })],
    ["the past", "expired", ({ idToken }) => idToken({ iat: seconds(-7_000), exp: seconds(-3_600) })],
    ["the future", "issued_in_future", ({ idToken }) => idToken({ iat: seconds(3_600), exp: seconds(7_000) })],
    ["too long a life", "lifetime_too_long", ({ idToken }) => idToken({ exp: seconds(7_300) })],
    ["somebody called like a client", "sub client:", ({ idToken, app }) => idToken({ sub: `client:${app.id}` })],
    ["a certificate's owner", "certificate_missing", ({ idToken }) => idToken({ cnf: { "x5t#S256": "A".repeat(43) } })],
    ["the owner of a key (DPoP)", "cnf_unsupported", ({ idToken }) => idToken({ cnf: { jkt: "A".repeat(43) } })],
    ["an access token's type", "typ_not_allowed", ({ people }) => people.mint({ sub: "ann" }, { typ: "at+jwt" })],
    ["nobody: unsigned", "signature_missing", ({ idToken }) => `${idToken().split(".").slice(0, 2).join(".")}.`],
    ["nobody: no token", "malformed_parts", () => "x"],
  ])("refuses a subject token of %s", async (_name, reason, tokenOf) => {
    const { status, body } = await world().exchange(await tokenOf(world()));
    expect([status, body["error"]]).toEqual([400, "invalid_request"]);
    expect(JSON.stringify(body)).not.toContain(reason);
    expect(world().lastRefusal()).toContain(reason);
  });

  test("refuses a subject token that was revoked, by its jti or with all of its subject's", async () => {
    const { slug, admin, people, server, exchange, idToken } = world();
    await writeTuples(admin, `+organization:${slug}#member@user:dora`);
    const [one, two] = [idToken({ sub: "dora" }), idToken({ sub: "dora" })];
    const made = String((await exchange(one)).body["access_token"]);
    expect(await check(world().bearer(made))).toBe(Decision.ALLOWED);
    const { credentials } = server.operator;
    // Of an issuer that proves no callers: revoked by its name all the same.
    await credentials.revokeJwt({
      issuer: people.issuer,
      what: { case: "tokenId", value: String(claimsOf(one)["jti"]) },
      reason: "lost",
    });
    await server.trust.poll();
    expect((await exchange(one)).status).toBe(400);
    expect((await exchange(two)).status).toBe(200);
    await expect(check(world().bearer(made))).rejects.toBeInstanceOf(CallError);
    await credentials.revokeJwt({
      issuer: people.issuer,
      what: { case: "subject", value: "dora" },
      reason: "left",
    });
    await server.trust.poll();
    expect((await exchange(two)).status).toBe(400);
  });

  test("gives no token that outlives the one it was given for", async () => {
    const { exchange, idToken } = world();
    const { body } = await exchange(idToken({ exp: seconds(90) }));
    expect(body["expires_in"]).toBeGreaterThan(60);
    expect(body["expires_in"]).toBeLessThanOrEqual(90);
  });

  test("names who acts: the client, or the bearer of an actor token, and those before them", async () => {
    const { app, people, exchange, idToken } = world();
    const client = { iss: OWN_ISSUER, sub: `client:${app.id}` };
    const act = async (subject: Claims, actor?: Claims) => {
      const form = actor === undefined ? {} : { actor_token: idToken(actor), actor_token_type: ID_TOKEN };
      const { body } = await exchange(idToken(subject), form);
      return body["error"] ?? claimsOf(body["access_token"])["act"];
    };
    expect(await act({})).toEqual(client);
    expect(await act({}, { sub: "robot" })).toEqual({ iss: people.issuer, sub: "robot" });
    expect(await act({ act: { sub: "desk", secret: 1 } })).toEqual({ ...client, act: { sub: "desk" } });
    const chain = (links: number): object => (links === 0 ? { sub: "x" } : { sub: "x", act: chain(links - 1) });
    expect(await act({ act: chain(4) })).toBe("invalid_request");
    expect(await act({ act: "desk" })).toBe("invalid_request");
    expect(await act({ may_act: client })).toEqual(client);
    expect(await act({ may_act: { sub: "robot" } }, { sub: "robot" })).toEqual({ iss: people.issuer, sub: "robot" });
    expect(await act({ may_act: { sub: "robot" } })).toBe("invalid_request");
    expect(await act({}, { sub: "robot", exp: seconds(-3_600), iat: seconds(-7_200) })).toBe("invalid_request");
  });

  test("without a client needs the tenant's name, and is offered only where it is configured", async () => {
    const { slug, open, exchange, idToken } = world();
    expect((await exchange(idToken(), {}, {})).body["error"]).toBe("invalid_client");
    const alone = (form: Readonly<Record<string, string>>) => exchange(idToken(), form, { at: open });
    expect((await alone({})).body["error"]).toBe("invalid_request");
    const { status, body } = await alone({ resource: `${OWN_ISSUER}/tenants/${slug}`, audience: OWN_AUDIENCE });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty("refresh_token");
    expect(claimsOf(body["access_token"])).toMatchObject({ client_id: "none", tenant: slug });
    expect(claimsOf(body["access_token"])).not.toHaveProperty("act");
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["a type that does not fit", { subject_token_type: "urn:ietf:params:oauth:token-type:saml2" }],
    ["half an actor token", { actor_token: "x" }],
    ["another type asked for", { requested_token_type: "urn:ietf:params:oauth:token-type:refresh_token" }],
    ["no subject token", { subject_token: "" }],
  ])("refuses %s as invalid_request", async (_name, form) => {
    const { exchange, idToken } = world();
    const { status, body } = await exchange(idToken(), form);
    expect([status, body["error"]]).toEqual([400, "invalid_request"]);
  });
}

async function fromElsewhere(): Promise<string> {
  const issuer = await startTestIssuer({ profile: "oidc", audience: PEOPLE_AUDIENCE });
  await issuer.close();
  return issuer.mint({ sub: "ann" });
}

/** Seconds since the epoch, so many from now. */
function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1_000) + fromNow;
}
