import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SCOPES } from "../../src/model/scope.ts";
import type { SigningAlgorithm, TrustedIssuer } from "../../src/model/trust.ts";
import {
  type Claims,
  createTestKey,
  type Header,
  type PublicJwk,
  signToken,
  type TestKey,
  withoutUndefined,
} from "./tokens-raw.ts";

/** JWT-SVIDs and the bundle of one trust domain, as a SPIRE server makes them. */
export interface TestTrustDomain {
  readonly name: string;
  readonly audience: string;
  readonly bundleUrl: string;
  key(): TestKey;
  trust(overrides?: Partial<TrustedIssuer>): TrustedIssuer;
  /** A workload's SVID: `sub`, one audience, five minutes. */
  claims(overrides?: Claims): Claims;
  header(overrides?: Header): Header;
  mint(claims?: Claims, header?: Header): string;
  bearer(claims?: Claims, header?: Header): string;
  /** Signs by a new key from now on. */
  rotate(options?: { readonly keepOld?: boolean; readonly algorithm?: SigningAlgorithm }): TestKey;
  /** Members of the bundle that are served in place of the real ones, or beside them. */
  serve(members: Record<string, unknown>): void;
  readonly fetches: { readonly count: number };
  close(): Promise<void>;
}

export interface TrustDomainOptions {
  readonly now?: () => number;
  readonly algorithm?: SigningAlgorithm;
}

/** SPIRE's default, seconds. */
const TTL_S = 300;
const ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** A key as SPIRE publishes it: 32 random letters for a kid, `use: jwt-svid`, no `alg`. */
function createSvidKey(algorithm: SigningAlgorithm): TestKey {
  const kid = Array.from(randomBytes(32), (byte) => ALPHANUMERIC[byte % ALPHANUMERIC.length]).join("");
  return createTestKey(algorithm, { kid, jwk: { use: "jwt-svid", alg: undefined } });
}

/** The authority of X.509-SVIDs, which stands in the same bundle: it has a certificate and no kid. */
function x509Authority(): PublicJwk {
  const { jwk } = createTestKey("ES256", { jwk: { use: "x509-svid", alg: undefined, kid: undefined } });
  return { ...jwk, x5c: ["MIIBzDCCAVOgAwIBAgIJAJM4DhRH0vmuMAoGCCqGSM49BAMEMB4="] };
}

export async function startTestTrustDomain(name: string, options: TrustDomainOptions = {}): Promise<TestTrustDomain> {
  const { now = Date.now, algorithm = "ES256" } = options;
  const audience = "relata-test";
  let key = createSvidKey(algorithm);
  let published = [key.jwk];
  let served: Record<string, unknown> = {};
  const fetches = { count: 0 };
  const authority = x509Authority();
  let sequence = 1;
  const server = createServer((_request, response) => {
    fetches.count += 1;
    const bundle = {
      keys: [authority, ...published],
      spiffe_sequence: sequence,
      spiffe_refresh_hint: TTL_S,
      ...served,
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(bundle));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bundleUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bundle`;

  const claims: TestTrustDomain["claims"] = (overrides) => {
    const iat = Math.floor(now() / 1000);
    const sub = `spiffe://${name}/ns/shop/sa/cart`;
    return withoutUndefined({ sub, aud: [audience], exp: iat + TTL_S, iat, ...overrides });
  };
  const header: TestTrustDomain["header"] = (overrides) =>
    withoutUndefined({ alg: key.algorithm, kid: key.kid, typ: "JWT", ...overrides });
  const mint: TestTrustDomain["mint"] = (claimed, headed) => signToken(header(headed), claims(claimed), key);
  return {
    name,
    audience,
    bundleUrl,
    key: () => key,
    trust: (overrides = {}) => ({
      issuer: `spiffe://${name}`,
      profile: "spiffe",
      keys: { kind: "jwks", url: bundleUrl },
      algorithms: ["ES256", "RS256"],
      audiences: [audience],
      tenant: { kind: "bindings" },
      scopes: SCOPES,
      maxLifetimeMs: 3_600_000,
      clockSkewMs: 30_000,
      ...overrides,
    }),
    claims,
    header,
    mint,
    bearer: (claimed, headed) => `Bearer ${mint(claimed, headed)}`,
    rotate({ keepOld = false, algorithm: next = algorithm } = {}) {
      key = createSvidKey(next);
      published = keepOld ? [...published, key.jwk] : [key.jwk];
      sequence += 1;
      return key;
    },
    serve: (members) => {
      served = members;
    },
    fetches,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
