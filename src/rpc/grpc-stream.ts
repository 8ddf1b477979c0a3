import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ServerDuplexStream, ServerWritableStream } from "@grpc/grpc-js";
import type { Logger } from "../log.ts";
import { startEdgeCall } from "./edge-call.ts";
import { encodeMessage } from "./encode.ts";
import { grpcStatusOf } from "./grpc-status.ts";
import { GrpcTransport, type PeerOfCall } from "./grpc-transport.ts";
import type { Endpoint } from "./routes.ts";

export type GrpcStream = ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;

/** Answers a call with as many messages as its reader takes. */
export function serveStream(
  { route, pipeline }: Endpoint,
  call: GrpcStream,
  { log, peerOf }: { readonly log: Logger; readonly peerOf: PeerOfCall },
): void {
  // A peer that goes away while a message is on its way shows up here too; the signal has told the call already.
  call.on("error", (error) => log.debug({ error: String(error) }, "gRPC stream"));
  const transport = new StreamTransport(call, route.method, peerOf);
  const edge = startEdgeCall(route.method, transport);
  const end = (): void => {
    if (call.cancelled) return;
    transport.sendHeaders();
    if (edge.failure === undefined) call.end();
    else call.emit("error", grpcStatusOf(edge.failure));
  };
  const ending = pipeline(edge);
  if (ending === undefined) end();
  else void ending.then(end);
}

const EMPTY = Buffer.alloc(0);

class StreamTransport extends GrpcTransport {
  readonly #stream: GrpcStream;
  #headersSent = false;

  constructor(stream: GrpcStream, method: DescMethod, peerOf: PeerOfCall) {
    super(stream, method, peerOf);
    this.#stream = stream;
  }

  receive(): Message {
    return this.decode("request" in this.#stream ? this.#stream.request : EMPTY);
  }

  override async *requests(): AsyncIterable<Message> {
    if (!("read" in this.#stream)) return;
    // Left open at its end: the status still has to go the other way.
    for await (const bytes of this.#stream.iterator({ destroyOnReturn: false })) yield this.decode(bytes as Buffer);
  }

  send(message: Message): Promise<void> | undefined {
    this.sendHeaders();
    return write(this.#stream, encodeMessage(this.method.output, message));
  }

  sendHeaders(): void {
    if (!this.#headersSent) this.#stream.sendMetadata(this.headers);
    this.#headersSent = true;
  }
}

const ENDS_OF_WAITING = ["drain", "cancelled", "close", "error"];

/** Waits for room when the caller reads slowly, and stops waiting when it is gone. */
function write(stream: GrpcStream, bytes: Buffer): Promise<void> | undefined {
  if (stream.cancelled || stream.destroyed || stream.write(bytes)) return undefined;
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ENDS_OF_WAITING) stream.off(event, done);
      resolve();
    };
    for (const event of ENDS_OF_WAITING) stream.once(event, done);
  });
}
