import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SCOPES } from "../../src/model/scope.ts";
import type { TrustedIssuer } from "../../src/model/trust.ts";
import { type Claims, createTestKey, type Header, signToken, type TestKey, withoutUndefined } from "./tokens-raw.ts";

/** Service account tokens of one cluster, as kube-apiserver makes them for a projected volume with an audience of its own. */
export interface TestCluster {
  readonly issuer: string;
  readonly audience: string;
  key(): TestKey;
  trust(overrides?: Partial<TrustedIssuer>): TrustedIssuer;
  /** Of account `cart` in `shop`; `kubernetes` overrides members of the claim `kubernetes.io`. */
  claims(overrides?: Claims, kubernetes?: Claims): Claims;
  header(overrides?: Header): Header;
  mint(claims?: Claims, kubernetes?: Claims, header?: Header): string;
  bearer(claims?: Claims, kubernetes?: Claims, header?: Header): string;
  close(): Promise<void>;
}

/** The account's uid where no other is asked for. */
export const CART_UID = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/** What kubelet asks for by default, seconds. */
const TTL_S = 3600;

/** `kid` is the SHA-256 of the public key in PKIX DER, base64url (pkg/serviceaccount/jwt.go). */
function createClusterKey(): TestKey {
  const key = createTestKey("RS256");
  const der = key.publicKey.export({ type: "spki", format: "der" });
  const kid = createHash("sha256").update(der).digest("base64url");
  return { ...key, kid, jwk: { ...key.jwk, kid } };
}

export async function startTestCluster(options: { readonly now?: () => number } = {}): Promise<TestCluster> {
  const { now = Date.now } = options;
  const audience = "relata-test";
  const key = createClusterKey();
  const server = createServer((request, response) => {
    if (request.url === "/.well-known/openid-configuration") {
      return void response.writeHead(200, { "content-type": "application/json" }).end(
        JSON.stringify({
          issuer,
          jwks_uri: `${issuer}/openid/v1/jwks`,
          response_types_supported: ["id_token"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
        }),
      );
    }
    if (request.url !== "/openid/v1/jwks") return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "application/jwk-set+json" }).end(JSON.stringify({ keys: [key.jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const claims: TestCluster["claims"] = (overrides, kubernetes) => {
    const iat = Math.floor(now() / 1000);
    return withoutUndefined({
      aud: [audience],
      exp: iat + TTL_S,
      iat,
      iss: issuer,
      jti: randomUUID(),
      "kubernetes.io": withoutUndefined({
        namespace: "shop",
        node: { name: "node-1", uid: "f1a9c3f4-1c64-4f2b-8a77-0a6e1dbe2a10" },
        pod: { name: "cart-6d4b75cb6d-hbxqz", uid: "0d1f8e0e-2f9b-4a3e-9a0e-0f3c3a1d9b11" },
        serviceaccount: { name: "cart", uid: CART_UID },
        ...kubernetes,
      }),
      nbf: iat,
      sub: "system:serviceaccount:shop:cart",
      ...overrides,
    });
  };
  const header: TestCluster["header"] = (overrides) => withoutUndefined({ alg: "RS256", kid: key.kid, ...overrides });
  const mint: TestCluster["mint"] = (claimed, kubernetes, headed) =>
    signToken(header(headed), claims(claimed, kubernetes), key);
  return {
    issuer,
    audience,
    key: () => key,
    trust: (overrides = {}) => ({
      issuer,
      profile: "kubernetes",
      keys: { kind: "discovery" },
      algorithms: ["RS256"],
      audiences: [audience],
      tenant: { kind: "bindings" },
      scopes: SCOPES,
      maxLifetimeMs: 86_400_000,
      clockSkewMs: 30_000,
      ...overrides,
    }),
    claims,
    header,
    mint,
    bearer: (...parts) => `Bearer ${mint(...parts)}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
