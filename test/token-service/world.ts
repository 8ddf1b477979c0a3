import { createRelataClient, type RelataClient } from "../../src/client/relata-client.ts";
import { loadConfig } from "../../src/config.ts";
import type { TokenServiceSettings } from "../../src/model/token-service.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../support/server.ts";
import { createTestKey } from "../support/tokens-raw.ts";

export const OWN_ISSUER = "https://auth.relata.test";
export const OWN_AUDIENCE = "relata";

export const SCHEMA = `definition user {}
definition organization {
  relation member: user | user with on_duty | group#member
  relation banned: user
  permission employee = member - banned
}
definition group { relation member: user }
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
  bearer(token: string): RelataClient;
  close(): Promise<void>;
}

export interface PostOptions {
  readonly client?: { readonly id: string; readonly secret: string };
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
    bearer: (token) => {
      const client = createRelataClient({ address: server.grpcAddress, token: () => token });
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.close();
      await server.close();
    },
  };
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
