import { type AddressInfo, createServer, type Server as NetServer } from "node:net";
import {
  type ConnectionInjector,
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  setLogVerbosity,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import type { Logger } from "../log.ts";
import { FORWARDED_HEADER } from "./connections/forwarded.ts";
import { Front, remoteOf } from "./connections/front.ts";
import { createDirectUnary } from "./direct-unary.ts";
import { pathOf } from "./edge-call.ts";
import { createBodyWatch, type GrpcBodyOptions } from "./grpc-bodies.ts";
import { type GrpcStream, serveStream } from "./grpc-stream.ts";
import { takeStreams } from "./grpc-streams.ts";
import type { PeerOfCall } from "./grpc-transport.ts";
import { serveUnary } from "./grpc-unary.ts";
import type { Endpoint } from "./routes.ts";
import type { RpcServer, ServerOptions } from "./server.ts";

// It writes header values that are no ASCII to stderr whole, with the token in them; what callers do is in our own log.
setLogVerbosity(logVerbosity.NONE);

export type GrpcServerOptions = ServerOptions & Pick<GrpcBodyOptions, "authenticator" | "refusals">;

/**
 * Native gRPC by @grpc/grpc-js: 12–20k unary calls/s on one core, where connect-node does 3.3k.
 * Messages come and go as bytes, so that decoding happens behind authentication and a message that does not decode
 * gets the same kind of error as any other bad request.
 */
export async function startGrpcServer(endpoints: readonly Endpoint[], options: GrpcServerOptions): Promise<RpcServer> {
  const server = new Server({
    "grpc.max_receive_message_length": options.maxMessageBytes,
    "grpc.max_send_message_length": -1,
    // Per connection. Each stream may hold one message of maxMessageBytes, of a caller that is proved: see grpc-bodies.ts.
    "grpc.max_concurrent_streams": MAX_CONCURRENT_STREAMS,
    // A peer that went away without a word is noticed within these two together.
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
    // Counts for a debugging service that is not served here: 2 µs a call.
    "grpc.enable_channelz": 0,
  });
  // The injector keeps what it finds here.
  takeStreams(server, {
    serve: (stream, headers) => serveDirectly(stream, headers),
    begun: (stream, headers) => watchBody(stream, headers),
  });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const front = createFront(injector, options);
  const peerOf = peerSource(front, options);
  const peerOfStream = streamPeers(front, options);
  const watchBody = createBodyWatch({ ...options, open: openPaths(endpoints), peerOf: peerOfStream });
  const serveDirectly = createDirectUnary(endpoints, {
    ...options,
    peerOf: ({ stream, headers }) => peerOfStream(stream, headers),
  });
  for (const [service, own] of groupByService(endpoints)) {
    const definition = Object.fromEntries(own.map((endpoint) => [endpoint.route.method.name, definitionOf(endpoint)]));
    const handlers = Object.fromEntries(
      own.map((endpoint) => [endpoint.route.method.name, handlerOf(endpoint, peerOf, options.log)]),
    );
    if (Object.keys(handlers).length === 0) throw new Error(`${service} has no methods`);
    server.addService(definition, handlers);
  }
  const listener = createServer((socket) => front.receive(socket));
  const port = await listen(listener, options);
  return { port, stop: (graceMs) => stop({ listener, server, front }, graceMs) };
}

/** SETTINGS, which are a server's first frame, and GOAWAY: no stream was taken up, no error (RFC 9113 §3.4, §6.8). */
const GOAWAY = Buffer.from("000000040000000000" + "0000080700000000000000000000000000", "hex");

/**
 * Connections are taken in here and handed to grpc-js: that way both ports have the same TLS, whose certificates can be
 * renewed while calls run, and the other end of each connection is known before its first call.
 */
function createFront(injector: ConnectionInjector, { entrance, log }: ServerOptions): Front {
  const { tls, room } = entrance;
  const options = { tls, room, alpn: ["h2"], firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS, farewell: GOAWAY, log };
  return new Front(options, (socket, speaks) => {
    if (speaks === "http2") injector.injectConnection(socket);
    else socket.destroy();
  });
}

function peerSource(front: Front, { entrance: { callerOf } }: ServerOptions): PeerOfCall {
  return (call) => callerOf(front.peerOf(call.getPeer()), () => call.metadata.get(FORWARDED_HEADER).join(","));
}

/** The same of a stream that is no call yet. */
function streamPeers(front: Front, { entrance: { callerOf } }: ServerOptions): GrpcBodyOptions["peerOf"] {
  return ({ session }, headers) =>
    callerOf(front.peerOf(session && remoteOf(session.socket)), () => headers[FORWARDED_HEADER]?.toString());
}

function openPaths(endpoints: readonly Endpoint[]): ReadonlySet<string> {
  const open = endpoints.filter(({ route }) => route.open);
  return new Set(open.map(({ route: { method } }) => pathOf(method)));
}

const FIRST_BYTE_TIMEOUT_MS = 10_000;

const MAX_CONCURRENT_STREAMS = 100;

function groupByService(endpoints: readonly Endpoint[]): ReadonlyMap<string, readonly Endpoint[]> {
  return Map.groupBy(endpoints, ({ route }) => route.method.parent.typeName);
}

const PASS = (bytes: Buffer): Buffer => bytes;

function definitionOf({ route: { method } }: Endpoint) {
  return {
    path: pathOf(method),
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: PASS,
    requestDeserialize: PASS,
    responseSerialize: PASS,
    responseDeserialize: PASS,
  };
}

function handlerOf(endpoint: Endpoint, peerOf: PeerOfCall, log: Logger): UntypedHandleCall {
  const { method } = endpoint.route;
  switch (method.methodKind) {
    case "unary":
      return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
        serveUnary(endpoint, call, { callback, peerOf });
    case "server_streaming":
    case "bidi_streaming":
      return (call: GrpcStream) => serveStream(endpoint, call, { log, peerOf });
    case "client_streaming":
      throw new Error(`${method.parent.typeName}/${method.name}: no client-streaming method is served yet`);
  }
}

async function listen(listener: NetServer, { host, port, log }: ServerOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(port, host, resolve);
  });
  listener.on("error", (error) => log.error({ error: String(error) }, "gRPC server"));
  return (listener.address() as AddressInfo).port;
}

interface Running {
  readonly listener: NetServer;
  readonly server: Server;
  readonly front: Front;
}

/** Tells peers to go elsewhere, lets what is under way end, and cuts off what has not ended after `graceMs`. */
async function stop({ listener, server, front }: Running, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
  front.stop();
  const ended = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  const cut = setTimeout(() => {
    for (const socket of front.sockets) socket.destroy();
    server.forceShutdown();
  }, graceMs);
  await Promise.all([closed, ended]);
  clearTimeout(cut);
}
