import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createRelataClient, type RelataClient } from "../../src/client/relata-client.ts";
import { loadConfig } from "../../src/config.ts";
import { AuthorizationService, type Decision } from "../../src/gen/relata/v1/authorization_service_pb.ts";
import type { CreateClientRequestSchema } from "../../src/gen/relata/v1/client_service_pb.ts";
import type { TokenServiceSettings } from "../../src/model/token-service.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../support/server.ts";
import { wireQuestion } from "../support/server-seed.ts";
import { TRANSPORTS, type TransportName } from "../support/server-transports.ts";
import { createTestKey } from "../support/tokens-raw.ts";

export const OWN_ISSUER = "https://auth.relata.test";
export const OWN_AUDIENCE = "relata";

export const SCHEMA = `definition user {}
definition organization {
  relation member: user | user:* | user with on_duty | group#member
  relation banned: user
  permission employee = member - banned
}
definition group { relation member: user | group#member }
definition document {
  relation viewer: user
  relation owner: user
  permission view = viewer + owner
}
caveat on_duty(duty bool) { duty }`;

/** What an answer of an endpoint says. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TokenWorld {
  readonly server: TestServer;
  readonly slug: string;
  /** Of the tenant, with every scope. */
  readonly admin: RelataClient;
  post(path: string, form: Readonly<Record<string, string>>, options?: PostOptions): Promise<Answered>;
  /** Whoever shows this token, in whatever tenant the token says. */
  bearer(token: string, tenant?: string): RelataClient;
  close(): Promise<void>;
}

/** What a client authenticates with. */
export interface TestClient {
  readonly id: string;
  readonly secret: string;
}

export interface PostOptions {
  readonly client?: TestClient;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another server of the fleet. */
  readonly at?: Pick<TestServer, "httpUrl">;
}

/** Settings as an operator would write them, checked like an operator's. */
export function tokenService(settings: object = {}): TokenServiceSettings {
  const text = JSON.stringify({
    databaseUrl: "postgres://relata_app@localhost/relata",
    tokenKeys: [{ id: "k", secret: "x".repeat(32) }],
    issuers: [
      {
        issuer: "https://idp.test",
        profile: "oauth",
        keys: { kind: "discovery" },
        algorithms: [createTestKey("ES256").algorithm],
        audiences: ["a"],
        tenant: { kind: "bindings" },
        scopes: [],
      },
    ],
    tokenService: {
      issuer: OWN_ISSUER,
      audience: OWN_AUDIENCE,
      scopes: ["check", "tuples:read", "tuples:write", "schema:read", "credentials:read"],
      ...settings,
    },
  });
  const { tokenService: checked } = loadConfig({ text, env: {} });
  if (checked === undefined) throw new Error("the settings were not taken");
  return checked;
}

export async function startTokenWorld(
  settings: TokenServiceSettings,
  options: TestServerOptions = {},
): Promise<TokenWorld> {
  const server = await startTestServer({ ...options, config: { ...options.config, tokenService: settings } });
  const { slug } = await server.createTenant();
  const admin = server.client(slug);
  await admin.schemas.write({ text: SCHEMA });
  const clients: RelataClient[] = [];
  return {
    server,
    slug,
    admin,
    post: (path, form, more) => post(server, path, form, more),
    bearer: (token, tenant) => {
      const options = { address: server.grpcAddress, token: () => token };
      const client = createRelataClient({ ...options, ...(tenant !== undefined && { tenant }) });
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.close();
      await server.close();
    },
  };
}

/** A client of the world's tenant. */
export async function makeClient(
  { admin }: Pick<TokenWorld, "admin">,
  about: MessageInitShape<typeof CreateClientRequestSchema>,
): Promise<TestClient> {
  const made = await admin.clients.createClient({ name: "robot", ...about });
  return { id: made.client?.clientId ?? "", secret: made.clientSecret };
}

/** What a Check is decided, as fresh as can be. */
export async function check(client: RelataClient, question = "document:readme#view@user:ann"): Promise<Decision> {
  const consistency = { requirement: { case: "fullyConsistent" as const, value: true } };
  return (await client.authorization.check({ ...wireQuestion(question), consistency })).decision;
}

/** The same by a protocol and port of its own. */
export async function checkOver(
  transport: TransportName,
  server: Pick<TestServer, "grpcAddress" | "httpUrl">,
  token: string,
): Promise<Decision> {
  const headers = { authorization: `Bearer ${token}` };
  const client = createClient(AuthorizationService, TRANSPORTS[transport](server, headers));
  const consistency = { requirement: { case: "fullyConsistent" as const, value: true } };
  return (await client.check({ ...wireQuestion("document:readme#view@user:ann"), consistency })).decision;
}

async function post(
  server: Pick<TestServer, "httpUrl">,
  path: string,
  form: Readonly<Record<string, string>>,
  { client, headers = {}, at = server }: PostOptions = {},
): Promise<Answered> {
  const basic = client && Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`);
  const response = await fetch(`${at.httpUrl}${path}`, {
    method: "POST",
    body: new URLSearchParams(form),
    headers: { ...(basic && { authorization: `Basic ${basic.toString("base64")}` }), ...headers },
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answered["body"] };
}

/** The claims of a token, unproved. */
export function claimsOf(token: unknown): Readonly<Record<string, unknown>> {
  const payload = String(token).split(".")[1] ?? "";
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Record<string, unknown>;
}
