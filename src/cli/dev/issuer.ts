import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { isFree, listen } from "./listen.ts";
import { keptPrivately, writePrivate } from "./private-file.ts";

const ALGORITHM = "ES256";
export const DEV_AUDIENCE = "relata-dev";
/** A working day and its evening. The key outlives restarts, so a token does too. */
export const TOKEN_LIFETIME_S = 12 * 3600;

/** A small OAuth authorization server on the loopback: it proves who calls during development, as a real one would. */
export interface LocalIssuer {
  /** The exact `iss`; discovery and key set are below it. */
  readonly issuer: string;
  readonly port: number;
  /** An access token (RFC 9068) for `subject`. */
  mint(subject: string): Promise<string>;
  close(): Promise<void>;
}

export interface LocalIssuerOptions {
  /** Where the key pair and the last port are kept, mode 0600: tokens outlive a restart. */
  readonly stateFile: string;
  /** 0 takes the port of the last time if it is free, else any. */
  readonly port: number;
  readonly now: () => number;
}

export async function startLocalIssuer(options: LocalIssuerOptions): Promise<LocalIssuer> {
  const state = await keptPrivately<IssuerState>(options.stateFile, newState);
  const { jwk } = state;
  const key = await importJWK(jwk, ALGORITHM);
  const { d: _private, ...publicJwk } = jwk;
  const server = createServer();
  // The port is part of the `iss` in every token.
  const usual = options.port === 0 && (await isFree(state.port)) ? state.port : options.port;
  await listen(server, usual, { what: "the local issuer", flag: "--issuer-port" });
  const { port } = server.address() as AddressInfo;
  if (port !== state.port) await writePrivate(options.stateFile, `${JSON.stringify({ ...state, port })}\n`);
  const issuer = `http://127.0.0.1:${port}`;
  server.on("request", answerWith(documents(issuer, publicJwk)));
  return {
    issuer,
    port,
    mint: (subject) => {
      const issuedAt = Math.floor(options.now() / 1000);
      return new SignJWT({ client_id: subject })
        .setProtectedHeader({ alg: ALGORITHM, typ: "at+jwt", kid: jwk.kid ?? "" })
        .setIssuer(issuer)
        .setAudience(DEV_AUDIENCE)
        .setSubject(subject)
        .setJti(randomUUID())
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + TOKEN_LIFETIME_S)
        .sign(key);
    },
    close: () => closeServer(server),
  };
}

interface IssuerState {
  readonly jwk: JWK;
  /** 0 before the first start. */
  readonly port: number;
}

async function newState(): Promise<IssuerState> {
  const pair = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwk = await exportJWK(pair.privateKey);
  return { jwk: { ...jwk, alg: ALGORITHM, use: "sig", kid: await calculateJwkThumbprint(jwk) }, port: 0 };
}

function documents(issuer: string, key: JWK): ReadonlyMap<string, unknown> {
  const metadata = {
    issuer,
    jwks_uri: `${issuer}/jwks.json`,
    response_types_supported: [],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [ALGORITHM],
  };
  return new Map<string, unknown>([
    ["/.well-known/openid-configuration", metadata],
    ["/.well-known/oauth-authorization-server", metadata],
    ["/jwks.json", { keys: [key] }],
  ]);
}

function answerWith(known: ReadonlyMap<string, unknown>) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const document = known.get(request.url ?? "");
    const readable = request.method === "GET" || request.method === "HEAD";
    response.writeHead(document === undefined ? 404 : readable ? 200 : 405, { "content-type": "application/json" });
    response.end(JSON.stringify(document === undefined ? { error: "not_found", known: [...known.keys()] } : document));
  };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
