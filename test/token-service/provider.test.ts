import { afterAll, beforeAll, expect, test } from "vitest";
import { Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import { CLIENT_ID, type IdentityProvider, startIdentityProvider } from "../support/identity-provider.ts";
import { writeTuples } from "../support/server-seed.ts";
import {
  type Answered,
  check,
  claimsOf,
  makeClient,
  startTokenWorld,
  type TestClient,
  type TokenWorld,
  tokenService,
} from "./world.ts";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const TYPE = "urn:ietf:params:oauth:token-type:";

/** oidc-provider has the people; what they may do in a tenant is in the tenant's tuples. */
let idp: IdentityProvider;
let world: TokenWorld;
let app: TestClient;

beforeAll(async () => {
  idp = await startIdentityProvider();
  const issuer = { issuer: idp.issuer, keys: { kind: "discovery" }, algorithms: ["ES256"] };
  world = await startTokenWorld(
    tokenService({
      exchange: {
        // An ID token is for the client that a person signed in at.
        issuers: [{ ...issuer, profile: "oidc", audiences: [CLIENT_ID] }],
        membership: { object: "organization:{tenant}", permission: "member", subject: "user:{sub}" },
        scopes: ["check"],
      },
    }),
  );
  const { slug, admin } = world;
  await writeTuples(admin, `+organization:${slug}#member@user:anne`, "+document:readme#viewer@user:anne");
  app = await makeClient(world, { scopes: ["check"], grantTypes: [EXCHANGE, "refresh_token"] });
});
afterAll(async () => {
  await world.close();
  await idp.close();
});

function exchange(token: string, type = "id_token"): Promise<Answered> {
  const form = { grant_type: EXCHANGE, subject_token: token, subject_token_type: `${TYPE}${type}` };
  return world.post("/oauth2/token", form, { client: app });
}

test("a person who signed in at oidc-provider gets a token of her tenant, and checks with it", async () => {
  const { status, body } = await exchange((await idp.signIn()).idToken);
  expect([status, claimsOf(body["access_token"])]).toEqual([
    200,
    expect.objectContaining({ sub: "anne", orig_iss: idp.issuer, tenant: world.slug, scope: "check" }),
  ]);
  const client = world.bearer(String(body["access_token"]));
  expect(await check(client, "document:readme#view@user:anne")).toBe(Decision.ALLOWED);
  expect(await check(client, "document:readme#view@user:ben")).toBe(Decision.DENIED);
  const form = { grant_type: "refresh_token", refresh_token: String(body["refresh_token"]) };
  const refreshed = await world.post("/oauth2/token", form, { client: app });
  expect(await check(world.bearer(String(refreshed.body["access_token"])), "document:readme#view@user:anne")).toBe(
    Decision.ALLOWED,
  );
});

test.each<[string, string, () => Promise<string>]>([
  ["a person's opaque access token", "access_token", async () => (await idp.signIn()).accessToken],
  ["a client's access token, which is nobody's ID token", "access_token", () => idp.clientToken(idp.audience)],
])("%s is not exchanged", async (_name, type, tokenOf) => {
  const token = await tokenOf();
  expect(token.length).toBeGreaterThan(20);
  const { status, body } = await exchange(token, type);
  expect([status, body["error"]]).toEqual([400, "invalid_request"]);
});

test("somebody who can sign in there and is no member here gets nothing", async () => {
  const { idToken } = await idp.signIn();
  await writeTuples(world.admin, `-organization:${world.slug}#member@user:anne`);
  const { status, body } = await exchange(idToken);
  expect([status, body["error"]]).toEqual([400, "invalid_target"]);
  await writeTuples(world.admin, `+organization:${world.slug}#member@user:anne`);
  expect((await exchange(idToken)).status).toBe(200);
});

test("a key that the provider has taken out proves nobody any more, and a new one does", async () => {
  const { idToken } = await idp.signIn();
  idp.rotate();
  expect((await exchange((await idp.signIn()).idToken)).status).toBe(200);
  expect((await exchange(idToken)).body["error"]).toBe("invalid_request");
});
