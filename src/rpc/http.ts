import { createServer, type Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import type { HandlerContext } from "@connectrpc/connect";
import type { Authenticator } from "../auth/authenticate.ts";
import type { Logger } from "../log.ts";
import type { RefusalLog } from "../model/audit.ts";
import { createConnectAdapter } from "./connect-adapter.ts";
import { connectErrorOf } from "./connect-error.ts";
import { VISIT, type Visit } from "./connect-routes.ts";
import { FORWARDED_HEADER } from "./connections/forwarded.ts";
import { Front, remoteOf } from "./connections/front.ts";
import { createDirectJson } from "./direct-json.ts";
import { procedureOf } from "./edge-call.ts";
import { toFailure } from "./error-map.ts";
import type { Health } from "./health.ts";
import { outcomeFields } from "./interceptors/access-log.ts";
import { refusalOf } from "./interceptors/record-refusals.ts";
import { REQUEST_ID_HEADER, saneRequestId } from "./interceptors/request-id.ts";
import type { OAuthEndpoints } from "./oauth/endpoints.ts";
import { answerPlainly, type HttpRequest, type HttpResponse } from "./plain-http.ts";
import { joinRepeatedHeader } from "./repeated-header.ts";
import type { Endpoint } from "./routes.ts";
import type { RpcServer, ServerOptions } from "./server.ts";
import { capTimeoutHeaders } from "./timeout-headers.ts";

export interface HttpServerOptions extends ServerOptions {
  readonly health: Health;
  readonly authenticator: Pick<Authenticator, "authenticate">;
  /** Undefined where there is no token service. */
  readonly oauth?: OAuthEndpoints | undefined;
  /** Where callers who are turned away are put on record. Left out: nowhere. */
  readonly refusals?: RefusalLog;
}

type Handler = (request: HttpRequest, response: HttpResponse) => void;

/** As much as HTTP/2 allows by default, so that both sides of the port agree. */
const MAX_HEADER_BYTES = 65_535;
const HEADERS_TIMEOUT_MS = 10_000;
/** For a whole request with its body; the deadline of the call starts when it has arrived. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Below it, clients that think for a minute between requests would reconnect each time. */
const KEEP_ALIVE_MS = 75_000;
const MAX_CONCURRENT_STREAMS = 100;
/** A request sent before the stop arrives within this. */
const IDLE_GRACE_MS = 500;

/** Connect, gRPC-Web and JSON over HTTP/1.1 and cleartext HTTP/2 (which also carries gRPC), and plain `GET /healthz`. */
export async function startHttpServer(endpoints: readonly Endpoint[], options: HttpServerOptions): Promise<RpcServer> {
  let stopping = false;
  const answering = new Set<ServerResponse>();
  const handle: Handler = (request, response) => answer(request, response);
  const http1 = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node's default of 30 s would let dripped headers have 40 s instead of 10.
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      answering.add(response);
      response.once("close", () => answering.delete(response));
      if (stopping) response.setHeader("connection", "close");
      handle(request, response);
    },
  );
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: MAX_CONCURRENT_STREAMS } }, handle);
  const sessions = trackSessions(http2);
  const front = frontOf(http1, http2, options);
  const answer = createHandler(endpoints, front, options);
  await new Promise<void>((resolve, reject) => {
    http1.once("error", reject);
    http1.listen(options.port, options.host, resolve);
  });
  http1.on("error", (error) => options.log.error({ error: String(error) }, "HTTP server"));
  const { port } = http1.address() as AddressInfo;
  return {
    port,
    stop: (graceMs) => {
      stopping = true;
      for (const response of answering) if (!response.headersSent) response.setHeader("connection", "close");
      return stop(http1, sessions, front.sockets, graceMs);
    },
  };
}

/**
 * One port for HTTP/1.1 and HTTP/2, in clear text or behind TLS. Node's plain HTTP/2 server speaks nothing else, and `http1`
 * keeps its own bookkeeping of connections, which its timeouts and `close` live on: so it is `http1` that listens.
 */
function frontOf(http1: Server, http2: Http2Server, { entrance, log }: HttpServerOptions): Front {
  const asHttp1 = http1.listeners("connection") as ((this: Server, socket: Socket) => void)[];
  http1.removeAllListeners("connection");
  const { tls, room } = entrance;
  const options = { tls, room, alpn: ["h2", "http/1.1"], firstByteTimeoutMs: HEADERS_TIMEOUT_MS, log };
  const front = new Front(options, (socket, speaks) => {
    if (speaks === "http2") http2.emit("connection", socket);
    else for (const listener of asHttp1) listener.call(http1, socket);
  });
  http1.on("connection", (socket: Socket) => front.receive(socket));
  return front;
}

function createHandler(endpoints: readonly Endpoint[], front: Front, options: HttpServerOptions): Handler {
  const { entrance, health, log, maxMessageBytes, oauth } = options;
  const open = new Set(endpoints.filter(({ route }) => route.open).map(({ route }) => route.method));
  const methods = new Map(
    endpoints.map(({ route: { method } }) => [
      `/${method.parent.typeName}/${method.name}`,
      { streams: method.methodKind !== "unary" },
    ]),
  );
  const gate = (context: HandlerContext) => (open.has(context.method) ? undefined : proveCaller(context, options));
  const rpc = createConnectAdapter(endpoints, { maxMessageBytes, gate });
  const serveDirectly = createDirectJson(endpoints, log);
  return (request, response) => {
    const visit: Visit = {
      peer: entrance.callerOf(front.peerOf(remoteOf(request.socket)), () => header(request, FORWARDED_HEADER)),
      entered: false,
      refused: undefined,
    };
    const startedMs = performance.now();
    const requestId = saneRequestId(header(request, REQUEST_ID_HEADER));
    request.headers[REQUEST_ID_HEADER] = requestId;
    capTimeoutHeaders(request.headers);
    joinRepeatedHeader(request, "authorization");
    response.setHeader(REQUEST_ID_HEADER, requestId);
    response.once("close", () => logRefusal(log, request, response, { visit, requestId, startedMs }));
    if (oauth?.(request, response, { requestId, peer: visit.peer }) === true) {
      // It writes its own lines.
      visit.entered = true;
      return;
    }
    if (answerPlainly(request, response, methods, health)) return;
    const byConnect = (body?: Buffer): void => {
      // What fails here is the writing of an answer whose reader has left.
      rpc(request, response, visit, body).catch((error) =>
        log.debug({ requestId, error: String(error) }, "HTTP answer cut off"),
      );
    };
    if (!serveDirectly(request, response, visit, byConnect)) byConnect();
  };
}

/** Refuses before a body of megabytes is read and parsed for someone who may not send it. */
async function proveCaller(
  context: HandlerContext,
  { authenticator, refusals }: Pick<HttpServerOptions, "authenticator" | "refusals">,
): Promise<void> {
  try {
    await authenticator.authenticate(
      context.requestHeader.get("authorization") ?? undefined,
      context.values.get(VISIT).peer,
    );
  } catch (error) {
    const failure = toFailure(error, context.requestHeader.get(REQUEST_ID_HEADER) ?? "");
    const { peer } = context.values.get(VISIT);
    context.values.get(VISIT).refused = failure;
    const about = { method: procedureOf(context.method), address: peer.address };
    const refusal = refusalOf(failure, { ...about, requestId: context.requestHeader.get(REQUEST_ID_HEADER) ?? "" });
    if (refusal !== undefined) refusals?.record(refusal);
    throw connectErrorOf(failure);
  }
}

/** A line for requests that never became a call: no such method, bad JSON, too large, not authenticated. */
function logRefusal(
  log: Logger,
  request: HttpRequest,
  response: HttpResponse,
  about: { readonly visit: Visit; readonly requestId: string; readonly startedMs: number },
): void {
  const { visit, requestId, startedMs } = about;
  if (visit.entered || (visit.refused === undefined && response.statusCode < 400)) return;
  const fields = {
    method: (request.url ?? "").split("?", 1)[0]?.slice(0, 200),
    status: response.statusCode,
    requestId,
    address: visit.peer.address,
    ...(visit.refused === undefined ? {} : outcomeFields(visit.refused)),
    ms: Math.round((performance.now() - startedMs) * 100) / 100,
  };
  log.warn(fields, "request refused");
}

function header(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function trackSessions(server: Http2Server): ReadonlySet<ServerHttp2Session> {
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => session.destroy());
    // As HTTP/1.1 has it: GOAWAY, and what is under way goes on.
    session.setTimeout(KEEP_ALIVE_MS, () => session.close());
    session.once("close", () => sessions.delete(session));
  });
  return sessions;
}

/**
 * New connections are refused at once. An idle one may have a request on its way, which would be lost if it closed now:
 * it gets a while to be answered with `connection: close`. Whatever is left after `graceMs` is cut.
 */
function stop(
  server: Server,
  sessions: ReadonlySet<ServerHttp2Session>,
  sockets: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), Math.min(IDLE_GRACE_MS, graceMs));
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, graceMs);
    // Not http.Server's own close, which begins by closing what is idle.
    NetServer.prototype.close.call(server, () => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    for (const session of sessions) session.close();
  });
}
