import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration, type JWK } from "oidc-provider";
import { SCOPES } from "../../src/model/scope.ts";
import type { TrustedIssuer } from "../../src/model/trust.ts";

/** oidc-provider, a certified OpenID provider and authorization server, over HTTP on the loopback. */
export interface IdentityProvider {
  readonly issuer: string;
  /** The resource server relata is to it. */
  readonly audience: string;
  /** By discovery, as profile `oauth`, tenants by bindings. */
  trust(overrides?: Partial<TrustedIssuer>): TrustedIssuer;
  /** The client's access token for a resource (RFC 8707); without one it is opaque. */
  clientToken(resource?: string): Promise<string>;
  /** What a person gets who signs in by authorization code: an ID token, and an access token to the userinfo endpoint. */
  signIn(): Promise<{ readonly idToken: string; readonly accessToken: string }>;
  /** A new signing key; the old one leaves the key set unless `keepOld`. */
  rotate(options?: { readonly keepOld?: boolean }): void;
  close(): Promise<void>;
}

export const CLIENT_ID = "billing";
const SECRET = "a-secret-of-the-test-and-of-nobody-else";
/** Another resource server of the same provider. */
export const OTHER_AUDIENCE = "https://other.example.com";
const AUDIENCE = "https://relata.example.com";

const REDIRECT = "https://app.example.com/callback";

let keysMade = 0;

function createKey(): JWK {
  keysMade += 1;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...(privateKey.export({ format: "jwk" }) as JWK), kid: `idp-${keysMade}`, alg: "ES256", use: "sig" };
}

function configuration(keys: readonly JWK[]): Configuration {
  return {
    jwks: { keys: [...keys] },
    cookies: { keys: ["only-for-this-test"] },
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: SECRET,
        grant_types: ["client_credentials", "authorization_code"],
        response_types: ["code"],
        redirect_uris: [REDIRECT],
        id_token_signed_response_alg: "ES256",
      },
    ],
    // Set, so that the provider does not remind us of them; seconds.
    ttl: { AccessToken: 300, ClientCredentials: 300, Grant: 300, IdToken: 300, Interaction: 300, Session: 300 },
    pkce: { required: () => false },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, audience) => ({
          audience,
          scope: "check tuples:read",
          accessTokenFormat: "jwt",
          accessTokenTTL: 300,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    async loadExistingGrant({ oidc }) {
      const { account, client } = oidc;
      const grant = new oidc.provider.Grant({ accountId: account?.accountId ?? "", clientId: client?.clientId ?? "" });
      grant.addOIDCScope("openid");
      await grant.save();
      return grant;
    },
  };
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let keys: readonly JWK[] = [createKey()];
  let provider = new Provider(issuer, configuration(keys));
  server.on("request", (request, response) => {
    if (!request.url?.startsWith("/interaction/")) return void provider.callback()(request, response);
    // The person of this test signs in without being asked anything.
    void provider.interactionFinished(request, response, { login: { accountId: "anne" } });
  });

  const askToken = async (form: Record<string, string>): Promise<Record<string, string>> => {
    const authorization = `Basic ${Buffer.from(`${CLIENT_ID}:${SECRET}`).toString("base64")}`;
    const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
    const response = await fetch(`${issuer}/token`, { method: "POST", headers, body: new URLSearchParams(form) });
    const answer = (await response.json()) as Record<string, string>;
    if (!response.ok) throw new Error(`the provider refused: ${JSON.stringify(answer)}`);
    return answer;
  };

  return {
    issuer,
    audience: AUDIENCE,
    trust: (overrides = {}) => ({
      issuer,
      profile: "oauth",
      keys: { kind: "discovery" },
      algorithms: ["ES256"],
      audiences: [AUDIENCE],
      tenant: { kind: "bindings" },
      scopes: SCOPES,
      maxLifetimeMs: 3_600_000,
      clockSkewMs: 30_000,
      ...overrides,
    }),
    async clientToken(resource) {
      const form = { grant_type: "client_credentials", scope: "check tuples:read", ...(resource && { resource }) };
      return (
        (await askToken(resource === undefined ? { grant_type: "client_credentials" } : form))["access_token"] ?? ""
      );
    },
    async signIn() {
      const code = await followSignIn(issuer);
      const answer = await askToken({ grant_type: "authorization_code", code, redirect_uri: REDIRECT });
      return { idToken: answer["id_token"] ?? "", accessToken: answer["access_token"] ?? "" };
    },
    rotate({ keepOld = false } = {}) {
      keys = keepOld ? [createKey(), ...keys] : [createKey()];
      provider = new Provider(issuer, configuration(keys));
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Goes where a browser would be sent, with its cookies, until the code comes back. */
async function followSignIn(issuer: string): Promise<string> {
  const asked = { client_id: CLIENT_ID, response_type: "code", scope: "openid", redirect_uri: REDIRECT };
  const cookies = new Map<string, string>();
  let url = `${issuer}/auth?${new URLSearchParams(asked)}`;
  for (let hops = 0; hops < 6; hops++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    url = new URL(response.headers.get("location") ?? "", issuer).href;
    if (url.startsWith(REDIRECT)) return new URL(url).searchParams.get("code") ?? "";
  }
  throw new Error(`no code after six redirects, last to ${url}`);
}
