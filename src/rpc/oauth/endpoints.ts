import { JWKS_MAX_AGE_MS } from "../../auth/own-keys.ts";
import type { Logger } from "../../log.ts";
import type { Peer } from "../../model/peer.ts";
import type { TokenServiceSettings } from "../../model/token-service.ts";
import type { OAuthCall } from "../../service/token-service/deps.ts";
import { OAuthError, type OAuthErrorCode } from "../../service/token-service/oauth-error.ts";
import type { TokenService } from "../../service/token-service/token-service.ts";
import type { HttpRequest, HttpResponse } from "../plain-http.ts";
import { answerJson } from "../plain-http.ts";
import { answerOAuth, answerOAuthError, toOAuthError } from "./answer.ts";
import { claimedClient } from "./claimed-client.ts";
import { type Form, readForm } from "./form.ts";
import { PATHS, serverMetadata } from "./metadata.ts";

/** Slows down whoever tries credentials, by address. */
export interface TryGuard {
  /** @throws RATE_LIMITED */
  admit(address: string): void;
  refused(address: string): void;
}

export interface OAuthOptions {
  readonly settings: TokenServiceSettings;
  readonly service: TokenService;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly deadlineMs: number;
  readonly guard: TryGuard;
}

export interface OAuthVisit {
  readonly requestId: string;
  readonly peer: Peer;
}

/** Answers what is addressed to the token service. @returns false when the request is for somebody else */
export type OAuthEndpoints = (request: HttpRequest, response: HttpResponse, visit: OAuthVisit) => boolean;

type Answer = (call: OAuthCall, form: Form, authorization: string | undefined) => Promise<object>;

/** No CORS headers anywhere: a browser is no place for these credentials. */
export function createOAuthEndpoints(options: OAuthOptions): OAuthEndpoints {
  const { settings, service } = options;
  const posts = new Map<string, Answer>([
    [
      PATHS.token,
      (call, form, authorization) => service.token(call, { form, client: claimedClient(authorization, form) }),
    ],
    [PATHS.introspect, (call, form, authorization) => service.introspect(call, authorizedRequest(authorization, form))],
    [
      PATHS.revoke,
      (call, form, authorization) => service.revoke(call, { form, client: claimedClient(authorization, form) }),
    ],
  ]);
  const metadata = serverMetadata(settings);
  return (request, response, visit) => {
    const { path } = addressOf(request);
    if (path === PATHS.jwks || path === PATHS.metadata) {
      answerPublic(request, response, path === PATHS.jwks ? { keys: service.publicKeys() } : metadata);
      return true;
    }
    const answer = posts.get(path);
    if (answer === undefined) return false;
    if (request.method !== "POST") refuseMethod(response, "POST");
    else void answerPost(request, response, answer, { ...options, ...visit });
    return true;
  };
}

/** A bearer credential of the API, or a client's own. */
function authorizedRequest(authorization: string | undefined, form: Form) {
  if (authorization !== undefined && /^bearer /i.test(authorization)) return { form, client: undefined, authorization };
  return { form, client: claimedClient(authorization, form), authorization: undefined };
}

async function answerPost(
  request: HttpRequest,
  response: HttpResponse,
  answer: Answer,
  { log, now, deadlineMs, requestId, peer, guard }: OAuthOptions & OAuthVisit,
): Promise<void> {
  const startedMs = performance.now();
  const { path, hasQuery } = addressOf(request);
  try {
    guard.admit(peer.address);
    // RFC 6749 §2.3.1: addresses are kept in histories and logs.
    if (hasQuery) throw new OAuthError("invalid_request", "parameters belong into the body, never into the address");
    const signal = AbortSignal.timeout(deadlineMs);
    const form = await readForm(request, signal);
    const call: OAuthCall = { requestId, peer, nowMs: now(), signal };
    answerOAuth(response, 200, await answer(call, form, headerOf(request, "authorization")));
  } catch (error) {
    const failure = toOAuthError(error, requestId);
    if (failure.tried ?? TRIED.has(failure.code)) guard.refused(peer.address);
    log.warn(
      {
        path,
        requestId,
        code: failure.code,
        detail: failure.detail,
        ms: performance.now() - startedMs,
      },
      "token request refused",
    );
    if (response.headersSent) return;
    if (!request.complete) leaveBody(request, response);
    answerOAuthError(response, failure);
  }
}

/** Where somebody showed a credential that is none: a client's, a bearer's, a refresh token. */
const TRIED: ReadonlySet<OAuthErrorCode> = new Set(["invalid_client", "invalid_grant", "invalid_token"]);

/** For everybody: kept as long as a new key is published before it signs. */
function answerPublic(request: HttpRequest, response: HttpResponse, body: object): void {
  if (request.method !== "GET" && request.method !== "HEAD") {
    refuseMethod(response, "GET, HEAD");
    return;
  }
  response.setHeader("cache-control", `public, max-age=${JWKS_MAX_AGE_MS / 1_000}`);
  answerJson(response, 200, body);
}

function refuseMethod(response: HttpResponse, allowed: string): void {
  response.setHeader("allow", allowed);
  answerOAuth(response, 405, { error: "invalid_request", error_description: `use ${allowed}` });
}

/**
 * What is left of a body that is not wanted is thrown away: of HTTP/1.1 with the connection, of HTTP/2, where others share the
 * connection, as it comes in.
 */
function leaveBody(request: HttpRequest, response: HttpResponse): void {
  if ("stream" in request) request.resume();
  else response.setHeader("connection", "close");
}

function addressOf(request: HttpRequest): { readonly path: string; readonly hasQuery: boolean } {
  const [path = "", query] = (request.url ?? "").split("?", 2);
  return { path, hasQuery: query !== undefined };
}

function headerOf(request: HttpRequest, name: "authorization"): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
