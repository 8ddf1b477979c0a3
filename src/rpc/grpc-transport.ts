import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Metadata, type ServerUnaryCall } from "@grpc/grpc-js";
import type { Peer } from "../model/peer.ts";
import { decodeMessage } from "./decode.ts";
import type { Transport } from "./edge-call.ts";
import { LatePeer } from "./late-peer.ts";

/** What a call of grpc-js has, whatever its kind. */
export interface GrpcCall
  extends Pick<ServerUnaryCall<Buffer, Buffer>, "metadata" | "getDeadline" | "getPeer" | "cancelled"> {
  on(event: "cancelled", listener: () => void): unknown;
}

/** Finds who is at the other end of a call's connection. */
export type PeerOfCall = (call: Pick<GrpcCall, "metadata" | "getPeer">) => Peer;

/** One for all: to make a DOMException takes 4 µs, and grpc-js calls a call cancelled whenever it has ended. */
export const GONE = new DOMException("the caller has gone, or has its answer", "AbortError");

/**
 * A call of grpc-js as a transport. An object with methods instead of functions made for each call, and a signal only for
 * who asks for one.
 */
export abstract class GrpcTransport implements Transport {
  readonly protocol = "grpc";
  /** Of the answer. */
  readonly headers = new Metadata();
  protected readonly method: DescMethod;
  readonly #call: GrpcCall;
  readonly #peerOf: PeerOfCall;
  #gone: AbortSignal | undefined = undefined;
  #peer: Peer | undefined = undefined;

  constructor(call: GrpcCall, method: DescMethod, peerOf: PeerOfCall) {
    this.#call = call;
    this.#peerOf = peerOf;
    this.method = method;
  }

  abstract receive(): Message;
  abstract send(message: Message): Promise<void> | undefined;

  header(name: string): string | undefined {
    const [value] = this.#call.metadata.get(name);
    return typeof value === "string" ? value : undefined;
  }

  setHeader(name: string, value: string): void {
    this.headers.set(name, value);
  }

  get peer(): Peer {
    this.#peer ??= new LatePeer(this.#call, this.#peerOf);
    return this.#peer;
  }

  get timeoutMs(): number | undefined {
    const deadline = this.#call.getDeadline();
    return deadline === Number.POSITIVE_INFINITY ? undefined : Number(deadline) - Date.now();
  }

  get gone(): AbortSignal {
    this.#gone ??= signalOf(this.#call);
    return this.#gone;
  }

  async *requests(): AsyncIterable<Message> {}

  protected decode(bytes: Buffer): Message {
    return decodeMessage(this.method.input, bytes);
  }
}

function signalOf(call: GrpcCall): AbortSignal {
  const gone = new AbortController();
  if (call.cancelled) gone.abort(GONE);
  else call.on("cancelled", () => gone.abort(GONE));
  return gone.signal;
}
