import { toBinary } from "@bufbuild/protobuf";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import type { Logger } from "../log.ts";
import { decodeMessage } from "./decode.ts";
import { startEdgeCall, type Transport } from "./edge-call.ts";
import type { Failure } from "./error-map.ts";
import { fitHeader } from "./fit-header.ts";
import type { Endpoint } from "./routes.ts";
import type { RpcServer, ServerOptions } from "./server.ts";
import { statusDetails } from "./status-details.ts";

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
        unary(endpoint, call, callback);
    case "server_streaming":
      return (call: ServerWritableStream<Buffer, Buffer>) => stream(endpoint, call, log);
    case "bidi_streaming":
      return (call: ServerDuplexStream<Buffer, Buffer>) => stream(endpoint, call, log);
    case "client_streaming":
      throw new Error(`${method.parent.typeName}/${method.name}: no client-streaming method is served yet`);
  }
}

function unary(endpoint: Endpoint, call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void {
  const { route, pipeline } = endpoint;
  const headers = new Metadata();
  let answer: Buffer | undefined;
  const edge = startEdgeCall(route.method, {
    ...surfaceOf(call, headers),
    receive: () => decodeMessage(route.method.input, call.request),
    send: (message) => {
      answer = asBuffer(toBinary(route.method.output, message));
    },
  });
  void pipeline(edge).then(() => {
    if (call.cancelled) return;
    call.sendMetadata(headers);
    if (edge.failure !== undefined) callback(statusOf(edge.failure));
    else callback(null, answer ?? Buffer.alloc(0));
  });
}

function stream(
  endpoint: Endpoint,
  call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
  log: Logger,
): void {
  const { route, pipeline } = endpoint;
  const { method } = route;
  const headers = new Metadata();
  let headersSent = false;
  const sendHeaders = () => {
    if (!headersSent) call.sendMetadata(headers);
    headersSent = true;
  };
  // A peer that goes away while a message is on its way shows up here too; the signal has told the call already.
  call.on("error", (error) => log.debug({ error: String(error) }, "gRPC stream"));
  const edge = startEdgeCall(method, {
    ...surfaceOf(call, headers),
    receive: () => decodeMessage(method.input, "request" in call ? call.request : Buffer.alloc(0)),
    requests: async function* () {
      if (!("read" in call)) return;
      // Left open at its end: the status still has to go the other way.
      for await (const bytes of call.iterator({ destroyOnReturn: false }))
        yield decodeMessage(method.input, bytes as Buffer);
    },
    send: (message) => {
      sendHeaders();
      return write(call, asBuffer(toBinary(method.output, message)));
    },
  });
  void pipeline(edge).then(() => {
    if (call.cancelled) return;
    sendHeaders();
    if (edge.failure === undefined) call.end();
    else call.emit("error", statusOf(edge.failure));
  });
}

/** Waits for room when the caller reads slowly, and stops waiting when it is gone. */
function write(
  call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
  bytes: Buffer,
): void | Promise<void> {
  if (call.cancelled || call.destroyed || call.write(bytes)) return;
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ["drain", "cancelled", "close", "error"]) call.off(event, done);
      resolve();
    };
    for (const event of ["drain", "cancelled", "close", "error"]) call.once(event, done);
  });
}

interface SurfaceCall extends Pick<ServerUnaryCall<Buffer, Buffer>, "metadata" | "getDeadline"> {
  on(event: "cancelled", listener: () => void): unknown;
}

function surfaceOf(call: SurfaceCall, headers: Metadata): Omit<Transport, "receive" | "send"> {
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort());
  const deadline = call.getDeadline();
  return {
    protocol: "grpc",
    header: (name) => {
      const [value] = call.metadata.get(name);
      return typeof value === "string" ? value : undefined;
    },
    setHeader: (name, value) => headers.set(name, value),
    timeoutMs: deadline === Number.POSITIVE_INFINITY ? undefined : Number(deadline) - Date.now(),
    gone: gone.signal,
    requests: async function* () {},
  };
}

function statusOf(failed: Failure) {
  const failure = { ...failed, message: fitHeader(failed.message) };
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", asBuffer(statusDetails(failure)));
  return { code: failure.code, details: failure.message, metadata };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
