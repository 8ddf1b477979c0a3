import type { Message } from "@bufbuild/protobuf";
import type { ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import { startEdgeCall } from "./edge-call.ts";
import { encodeMessage } from "./encode.ts";
import { grpcStatusOf } from "./grpc-status.ts";
import { GrpcTransport, type PeerOfCall } from "./grpc-transport.ts";
import type { Endpoint } from "./routes.ts";

/** Answers a call with one answer: before this returns, where nothing had to be waited for. */
export function serveUnary(
  { route, pipeline }: Endpoint,
  call: ServerUnaryCall<Buffer, Buffer>,
  { callback, peerOf }: { readonly callback: sendUnaryData<Buffer>; readonly peerOf: PeerOfCall },
): void {
  const transport = new UnaryTransport(call, route.method, peerOf);
  const edge = startEdgeCall(route.method, transport);
  const answer = (): void => {
    if (call.cancelled) return;
    call.sendMetadata(transport.headers);
    if (edge.failure !== undefined) callback(grpcStatusOf(edge.failure));
    else callback(null, transport.answer);
  };
  const ending = pipeline(edge);
  if (ending === undefined) answer();
  else void ending.then(answer);
}

const EMPTY = Buffer.alloc(0);

class UnaryTransport extends GrpcTransport {
  answer: Buffer = EMPTY;
  readonly #request: Buffer;

  constructor(call: ServerUnaryCall<Buffer, Buffer>, method: Endpoint["route"]["method"], peerOf: PeerOfCall) {
    super(call, method, peerOf);
    this.#request = call.request;
  }

  receive(): Message {
    return this.decode(this.#request);
  }

  send(message: Message): undefined {
    this.answer = encodeMessage(this.method.output, message);
  }
}
