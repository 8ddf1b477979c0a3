import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SCOPES } from "../../src/model/scope.ts";
import type { IssuerProfile, SigningAlgorithm, TrustedIssuer } from "../../src/model/trust.ts";
import {
  type Claims,
  createTestKey,
  type Header,
  type PublicJwk,
  signToken,
  type TestKey,
  withoutUndefined,
} from "./tokens-raw.ts";

export interface TestIssuerOptions {
  /** Of the first key. Default ES256, the quickest to make. */
  readonly algorithm?: SigningAlgorithm;
  /** Decides the default claims and `typ`. Default `oauth`. */
  readonly profile?: IssuerProfile;
  /** Default `relata-test`. */
  readonly audience?: string;
  /** Path of the issuer identifier, such as `/realms/acme`. Default none. */
  readonly path?: string;
  /** Milliseconds since the epoch. Default the real clock. */
  readonly now?: () => number;
}

/** `refuse` cuts every connection, `error` answers 503, `hang` never answers. */
export type Outage = "refuse" | "error" | "hang";

/** What a request for one document gets instead of the right answer. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An OAuth or OpenID issuer on the loopback: discovery document, key set, and tokens for whoever asks. */
export interface TestIssuer {
  /** The exact `iss`. */
  readonly issuer: string;
  readonly discoveryUrl: string;
  readonly jwksUrl: string;
  readonly audience: string;
  /** The key that `mint` signs with. */
  key(): TestKey;
  /** How relata is told to trust this issuer: discovery, its algorithm, tenant from the claim `tenant`, every scope. */
  trust(overrides?: Partial<TrustedIssuer>): TrustedIssuer;
  /** Default claims: subject `service`, tenant `acme`, every scope, issued now for ten minutes. `undefined` leaves one out. */
  claims(overrides?: Claims): Claims;
  header(overrides?: Header): Header;
  /** A token signed by the current key. Claims and header members set to undefined are left out. */
  mint(claims?: Claims, header?: Header): string;
  /** `mint` as the value of an `authorization` header. */
  bearer(claims?: Claims, header?: Header): string;
  /** Publishes one more key without signing by it. */
  addKey(key: TestKey): void;
  removeKey(kid: string): void;
  /** Signs by a new key from now on; the old one leaves the key set unless `keepOld`. */
  rotate(options?: { readonly algorithm?: SigningAlgorithm; readonly keepOld?: boolean }): TestKey;
  publishedKeys(): readonly PublicJwk[];
  goDown(outage?: Outage): void;
  comeBack(): void;
  /** Answers requests for one document differently, until called with undefined. */
  answer(document: "discovery" | "jwks", answer: Answer | undefined): void;
  /** Requests that reached the issuer, whatever they were answered. */
  readonly fetches: { readonly discovery: number; readonly jwks: number; readonly other: readonly string[] };
  close(): Promise<void>;
}

/** Lifetime of a minted token, seconds. */
const LIFETIME_S = 600;

/** Starts an issuer on an ephemeral port. Close it at the end of the test. */
export async function startTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const profile = options.profile ?? "oauth";
  const audience = options.audience ?? "relata-test";
  const now = options.now ?? Date.now;
  let key = createTestKey(options.algorithm ?? "ES256");
  const published = new Map<string, PublicJwk>([[key.kid, key.jwk]]);
  const site = await startSite(options.path ?? "", () => ({ keys: [...published.values()] }));

  const claims = (overrides: Claims = {}): Claims =>
    withoutUndefined({ ...defaultClaims(site.issuer, audience, profile, now()), ...overrides });
  const header = (overrides: Header = {}): Header =>
    withoutUndefined({
      alg: key.algorithm,
      kid: key.kid,
      typ: profile === "oauth" ? "at+jwt" : "JWT",
      ...overrides,
    });
  const mint = (claimed?: Claims, headed?: Header): string => signToken(header(headed), claims(claimed), key);

  return {
    issuer: site.issuer,
    discoveryUrl: site.discoveryUrl,
    jwksUrl: site.jwksUrl,
    audience,
    key: () => key,
    trust: (overrides = {}) => ({
      issuer: site.issuer,
      profile,
      keys: { kind: "discovery" },
      algorithms: [key.algorithm],
      audiences: [audience],
      tenant: { kind: "claim", claim: "tenant" },
      scopes: SCOPES,
      maxLifetimeMs: 3_600_000,
      clockSkewMs: 30_000,
      ...overrides,
    }),
    claims,
    header,
    mint,
    bearer: (claimed, headed) => `Bearer ${mint(claimed, headed)}`,
    addKey: (added) => void published.set(added.kid, added.jwk),
    removeKey: (kid) => void published.delete(kid),
    rotate({ algorithm = key.algorithm, keepOld = false } = {}) {
      if (!keepOld) published.delete(key.kid);
      key = createTestKey(algorithm);
      published.set(key.kid, key.jwk);
      return key;
    },
    publishedKeys: () => [...published.values()],
    goDown: (outage = "refuse") => site.setOutage(outage),
    comeBack: () => site.setOutage(undefined),
    answer: (document, answer) => void site.answers.set(document, answer),
    fetches: site.fetches,
    close: site.close,
  };
}

function defaultClaims(issuer: string, audience: string, profile: IssuerProfile, nowMs: number): Claims {
  const iat = Math.floor(nowMs / 1000);
  const base = {
    iss: issuer,
    sub: "service",
    aud: audience,
    iat,
    exp: iat + LIFETIME_S,
    scope: SCOPES.join(" "),
    tenant: "acme",
  };
  return profile === "oauth" ? { ...base, client_id: "client", jti: randomUUID() } : base;
}

interface Site {
  readonly issuer: string;
  readonly discoveryUrl: string;
  readonly jwksUrl: string;
  readonly answers: Map<"discovery" | "jwks", Answer | undefined>;
  readonly fetches: { discovery: number; jwks: number; other: string[] };
  setOutage(outage: Outage | undefined): void;
  close(): Promise<void>;
}

async function startSite(path: string, keySet: () => object): Promise<Site> {
  let outage: Outage | undefined;
  const answers: Site["answers"] = new Map();
  const fetches: Site["fetches"] = { discovery: 0, jwks: 0, other: [] };
  const server = createServer((request, response) => {
    const document = documentOf(request.url ?? "", path);
    if (document === undefined) fetches.other.push(request.url ?? "");
    else fetches[document] += 1;
    if (outage === "refuse") return void request.socket.destroy();
    if (outage === "hang") return;
    if (outage === "error") return void response.writeHead(503).end();
    if (document === undefined) return void response.writeHead(404).end();
    const answer = answers.get(document);
    if (answer !== undefined) return answer(request, response);
    sendJson(response, document === "jwks" ? keySet() : { issuer, jwks_uri: jwksUrl });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}${path}`;
  const jwksUrl = `${issuer}/jwks`;
  return {
    issuer,
    discoveryUrl: `${issuer}/.well-known/openid-configuration`,
    jwksUrl,
    answers,
    fetches,
    setOutage: (next) => {
      outage = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function documentOf(url: string, path: string): "discovery" | "jwks" | undefined {
  if (url === `${path}/.well-known/openid-configuration`) return "discovery";
  return url === `${path}/jwks` ? "jwks" : undefined;
}

export function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}
