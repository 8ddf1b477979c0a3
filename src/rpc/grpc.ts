import {
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  setLogVerbosity,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import type { Logger } from "../log.ts";
import { type GrpcStream, serveStream } from "./grpc-stream.ts";
import { serveUnary } from "./grpc-unary.ts";
import type { Endpoint } from "./routes.ts";
import type { RpcServer, ServerOptions } from "./server.ts";

// It writes header values that are no ASCII to stderr whole, with the token in them; what callers do is in our own log.
setLogVerbosity(logVerbosity.NONE);

/**
 * Native gRPC by @grpc/grpc-js: 12–20k unary calls/s on one core, where connect-node does 3.3k.
 * Messages come and go as bytes, so that decoding happens behind authentication and a message that does not decode
 * gets the same kind of error as any other bad request.
 */
export async function startGrpcServer(endpoints: readonly Endpoint[], options: ServerOptions): Promise<RpcServer> {
  const server = new Server({
    "grpc.max_receive_message_length": options.maxMessageBytes,
    "grpc.max_send_message_length": -1,
    // Per connection. Each stream may hold one message of maxMessageBytes before its caller is proved.
    "grpc.max_concurrent_streams": MAX_CONCURRENT_STREAMS,
    // A peer that went away without a word is noticed within these two together.
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
  });
  for (const [service, own] of groupByService(endpoints)) {
    const definition = Object.fromEntries(own.map((endpoint) => [endpoint.route.method.name, definitionOf(endpoint)]));
    const handlers = Object.fromEntries(
      own.map((endpoint) => [endpoint.route.method.name, handlerOf(endpoint, options.log)]),
    );
    if (Object.keys(handlers).length === 0) throw new Error(`${service} has no methods`);
    server.addService(definition, handlers);
  }
  const port = await bind(server, options.host, options.port);
  return { port, stop: (graceMs) => stop(server, graceMs) };
}

const MAX_CONCURRENT_STREAMS = 250;

function groupByService(endpoints: readonly Endpoint[]): ReadonlyMap<string, readonly Endpoint[]> {
  return Map.groupBy(endpoints, ({ route }) => route.method.parent.typeName);
}

const PASS = (bytes: Buffer): Buffer => bytes;

function definitionOf({ route: { method } }: Endpoint) {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: PASS,
    requestDeserialize: PASS,
    responseSerialize: PASS,
    responseDeserialize: PASS,
  };
}

function handlerOf(endpoint: Endpoint, log: Logger): UntypedHandleCall {
  const { method } = endpoint.route;
  switch (method.methodKind) {
    case "unary":
      return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
        serveUnary(endpoint, call, callback);
    case "server_streaming":
    case "bidi_streaming":
      return (call: GrpcStream) => serveStream(endpoint, call, log);
    case "client_streaming":
      throw new Error(`${method.parent.typeName}/${method.name}: no client-streaming method is served yet`);
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

/** Tells peers to go elsewhere, lets what is under way end, and cuts off what has not ended after `graceMs`. */
function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
