import { createRelataClient, type RelataClient } from "../../src/client/relata-client.ts";
import { ofSomeTenant } from "../isolation/denied-callers.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { writeTuples } from "../support/server-seed.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";
import type { Claims } from "../support/tokens-raw.ts";
import {
  type Answered,
  makeClient,
  type PostOptions,
  startTokenWorld,
  type TestClient,
  type TokenWorld,
  tokenService,
} from "./world.ts";

export const TOKEN = "/oauth2/token";
export const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";
export const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
/** What the IdP of people puts into the tokens that may be exchanged. */
export const PEOPLE_AUDIENCE = "relata-people";
export const TARGET_REFUSED = {
  error: "invalid_target",
  error_description: "no token is issued to this subject for this resource",
};

/** Two nodes of one fleet that exchange the tokens of an IdP of people, a tenant, and another one. */
export interface ExchangeWorld extends TokenWorld {
  /** Wants no client, takes wildcards for members, and has little patience: 40 requests of one caller, then 5 a second. */
  readonly open: TestServer;
  /** Issues people's ID tokens. */
  readonly people: TestIssuer;
  /** Of the tenant: may exchange and refresh, for check and tuples:read. */
  readonly app: TestClient;
  /** As much, in the same tenant. */
  readonly rival: TestClient;
  /** Of the other tenant. */
  readonly stranger: TestClient;
  readonly otherSlug: string;
  readonly otherAdmin: RelataClient;
  /** Whoever shows this token to that node. */
  bearerAt(node: Pick<TestServer, "grpcAddress">, token: string): RelataClient;
  /** One more client like `app`. */
  makeApp(): Promise<TestClient>;
  /** Names of what the first node has sent to its database; empty it as you like. */
  readonly statements: string[];
  /** Of what the open node has sent for callers: the names of each flight. */
  readonly flights: string[];
  /** Why the log of the first node says a request was turned away last. */
  lastRefusal(): string;
  /** Milliseconds that the clock of everybody here goes ahead. */
  advance(ms: number): void;
  /** The claims of an ID token for relata over. */
  idToken(claims?: Claims): string;
  exchange(token: string, form?: Readonly<Record<string, string>>, options?: PostOptions): Promise<Answered>;
  refresh(token: string, form?: Readonly<Record<string, string>>, options?: PostOptions): Promise<Answered>;
  /** A token and a refresh token of a member. */
  signIn(sub?: string): Promise<{ readonly access: string; readonly refresh: string }>;
}

export async function startExchangeWorld(): Promise<ExchangeWorld> {
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const people = await startTestIssuer({ profile: "oidc", audience: PEOPLE_AUDIENCE, now });
  const issuer = await startTestIssuer({ now });
  const settings = (exchange: object, membership: object) =>
    tokenService({
      exchange: {
        issuers: [
          {
            issuer: people.issuer,
            profile: "oidc",
            keys: { kind: "discovery" },
            algorithms: ["ES256"],
            audiences: [PEOPLE_AUDIENCE],
            maxLifetimeMs: "1h",
          },
        ],
        membership: {
          object: "organization:{tenant}",
          permission: "employee",
          subject: "user:{sub}",
          ...membership,
        },
        scopes: ["check", "tuples:read"],
        ...exchange,
      },
    });
  const statements: string[] = [];
  const flights: string[] = [];
  const config = { refusedCredentialRate: 0 };
  const world = await startTokenWorld(settings({}, {}), {
    now,
    issuer,
    config,
    observe: (flight) => statements.push(...flight.map(({ name }) => name)),
  });
  const open = await startTestServer({
    now,
    issuer,
    database: world.server.database,
    observe: (flight) => {
      if (ofSomeTenant(flight)) flights.push(flight.map(({ name }) => name).join(" "));
    },
    config: {
      ...config,
      principalRate: 5,
      principalBurst: 40,
      tokenKeys: world.server.config.tokenKeys,
      tokenService: settings({ clients: "optional" }, { wildcards: true }),
    },
  });
  const { slug, admin, post } = world;
  const { slug: otherSlug } = await world.server.createTenant();
  const otherAdmin = world.server.client(otherSlug);
  await otherAdmin.schemas.write({ text: (await admin.schemas.read({})).text });
  await writeTuples(admin, `+organization:${slug}#member@user:ann`, "+document:readme#viewer@user:ann");
  const about = { grantTypes: ["client_credentials", EXCHANGE, "refresh_token"], scopes: ["check", "tuples:read"] };
  const makeApp = () => makeClient({ admin }, about);
  const [app, rival] = [await makeApp(), await makeApp()];
  const stranger = await makeClient({ admin: otherAdmin }, about);

  const clients: RelataClient[] = [];

  const idToken = (claims: Claims = {}) =>
    people.mint({ sub: "ann", jti: crypto.randomUUID(), scope: undefined, tenant: undefined, ...claims });
  const exchange: ExchangeWorld["exchange"] = (token, form = {}, options = { client: app }) =>
    post(TOKEN, { grant_type: EXCHANGE, subject_token: token, subject_token_type: ID_TOKEN, ...form }, options);
  return {
    ...world,
    open,
    people,
    app,
    rival,
    stranger,
    statements,
    flights,
    otherSlug,
    otherAdmin,
    makeApp,
    lastRefusal: () =>
      String(world.server.logLines().findLast(({ msg }) => msg === "token request refused")?.["detail"]),
    bearerAt: ({ grpcAddress: address }, token) => {
      const client = createRelataClient({ address, token: () => token });
      clients.push(client);
      return client;
    },
    advance: (ms) => {
      aheadMs += ms;
    },
    idToken,
    exchange,
    refresh: (token, form = {}, options = { client: app }) =>
      post(TOKEN, { grant_type: "refresh_token", refresh_token: token, ...form }, options),
    signIn: async (sub = "ann") => {
      const { body } = await exchange(idToken({ sub }));
      return { access: String(body["access_token"]), refresh: String(body["refresh_token"]) };
    },
    close: async () => {
      for (const client of clients) client.close();
      await open.close();
      await world.close();
      await Promise.all([people.close(), issuer.close()]);
    },
  };
}
