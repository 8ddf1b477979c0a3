// A unary call straight from its HTTP/2 stream, past grpc-js: hot, so one object a call holds everything about it. An empty method takes
// 38 µs of CPU by grpc-js and 20 so (Node 24, four connections, 64 calls under way): no Metadata, no promise for each message,
// no second set of objects. docs/decisions/0022.
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Message } from "@bufbuild/protobuf";
import { RelataError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Peer } from "../model/peer.ts";
import { decodeMessage } from "./decode.ts";
import { type EdgeCall, pathOf, startEdgeCall, type Transport } from "./edge-call.ts";
import { encodeMessage } from "./encode.ts";
import type { Failure } from "./error-map.ts";
import { fitHeader } from "./fit-header.ts";
import { GONE } from "./grpc-transport.ts";
import { LatePeer } from "./late-peer.ts";
import type { Endpoint } from "./routes.ts";
import { statusDetails } from "./status-details.ts";

export interface DirectUnaryOptions {
  readonly maxMessageBytes: number;
  readonly log: Logger;
  readonly peerOf: (call: { readonly stream: ServerHttp2Stream; readonly headers: IncomingHttpHeaders }) => Peer;
}

/** @returns whether the stream is served; what is not is grpc-js's */
export type ServeDirectly = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean;

/**
 * Serves unary calls that need nothing of grpc-js: of a method that is known, not compressed, with a deadline that can be read or none.
 * All else, and every error of those, stays with grpc-js.
 */
export function createDirectUnary(endpoints: readonly Endpoint[], options: DirectUnaryOptions): ServeDirectly {
  const unary = endpoints.filter(({ route: { method } }) => method.methodKind === "unary");
  const byPath = new Map(unary.map((endpoint) => [pathOf(endpoint.route.method), endpoint]));
  return (stream, headers) => {
    const endpoint = byPath.get(headers[":path"] ?? "");
    if (endpoint === undefined || headers["content-type"]?.startsWith("application/grpc") !== true) return false;
    const encoding = headers["grpc-encoding"];
    if (encoding !== undefined && encoding !== "identity") return false;
    const timeout = headers["grpc-timeout"];
    const deadlineMs = timeout === undefined ? undefined : deadlineOf(String(timeout));
    if (timeout !== undefined && deadlineMs === undefined) return false;
    new DirectCall(endpoint, { stream, headers, deadlineMs }, options).listen();
    return true;
  };
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: at most eight digits and a unit. */
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

function deadlineOf(timeout: string): number | undefined {
  const [, digits, unit = ""] = TIMEOUT.exec(timeout) ?? [];
  return digits === undefined ? undefined : Date.now() + Number(digits) * (UNIT_MS[unit] ?? 0);
}

interface Begun {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number | undefined;
}

/** Compressed or not, and how long the message is. */
const PREFIX_BYTES = 5;
const NOTHING = Buffer.alloc(0);
/** What a header may hold but for its value's bytes being base64 (grpc's Custom-Metadata). */
const LEGAL = /^[ -~]*$/;

class DirectCall implements Transport {
  readonly protocol = "grpc";
  readonly #endpoint: Endpoint;
  readonly #begun: Begun;
  readonly #options: DirectUnaryOptions;
  readonly #answerHeaders: OutgoingHttpHeaders = {
    ":status": 200,
    "content-type": "application/grpc+proto",
    "grpc-accept-encoding": "identity,deflate,gzip",
  };
  /** Room for what is there, the first `#bytes` of which are. */
  #received: Buffer = NOTHING;
  #bytes = 0;
  /** Answered before its end: what comes is read and dropped. */
  #isOverlong = false;
  #answer: Buffer = NOTHING;
  #peer: Peer | undefined = undefined;
  #gone: AbortSignal | undefined = undefined;

  constructor(endpoint: Endpoint, begun: Begun, options: DirectUnaryOptions) {
    this.#endpoint = endpoint;
    this.#begun = begun;
    this.#options = options;
  }

  listen(): void {
    const { stream } = this.#begun;
    // What can be wrong with a stream closes it, and then nobody is there who could be told.
    stream.on("error", ignore);
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.on("end", () => {
      // A stream that was reset ends too, and is no call.
      if (!this.#isOverlong && !isGone(stream)) this.#serve();
    });
  }

  #take(chunk: Buffer): void {
    if (this.#isOverlong) return;
    this.#keep(chunk);
    if (this.#bytes < PREFIX_BYTES) return;
    const messageBytes = this.#messageBytes;
    if (messageBytes <= this.#options.maxMessageBytes && this.#bytes <= PREFIX_BYTES + messageBytes) return;
    this.#isOverlong = true;
    this.#received = this.#received.subarray(0, PREFIX_BYTES);
    this.#serve();
  }

  /** The first chunk, nearly always the only one, as it is; more of them into room that doubles, so that crumbs cost no more than a loaf. */
  #keep(chunk: Buffer): void {
    const bytes = this.#bytes + chunk.length;
    if (this.#bytes === 0) this.#received = chunk;
    else {
      if (bytes > this.#received.length) {
        const room = Buffer.allocUnsafeSlow(2 * bytes);
        this.#received.copy(room, 0, 0, this.#bytes);
        this.#received = room;
      }
      chunk.copy(this.#received, this.#bytes);
    }
    this.#bytes = bytes;
  }

  get #messageBytes(): number {
    return this.#received.readUInt32BE(1);
  }

  #serve(): void {
    const { route, pipeline } = this.#endpoint;
    const edge = startEdgeCall(route.method, this);
    try {
      const ending = pipeline(edge);
      if (ending === undefined) this.#end(edge);
      else ending.then(() => this.#end(edge)).catch((error: unknown) => this.#breakOff(error));
    } catch (error) {
      this.#breakOff(error);
    }
  }

  #end({ failure }: EdgeCall): void {
    const { stream } = this.#begun;
    if (isGone(stream) || stream.headersSent) return;
    // Before anything is sent: in the event that asks for them nobody would catch what fails.
    const trailers = failure === undefined ? OK : trailersOf(failure);
    stream.respond(this.#answerHeaders, WITH_TRAILERS);
    stream.once("wantTrailers", () => {
      stream.sendTrailers(trailers);
      // Whoever goes on sending has no answer to wait for.
      if (this.#isOverlong) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
    });
    if (failure === undefined) stream.end(this.#answer);
    else stream.end();
  }

  /** Nothing of ours fails here; if it does, one call is lost and not the process. */
  #breakOff(error: unknown): void {
    this.#options.log.error({ error: error instanceof Error ? error.stack : String(error) }, "gRPC answer broken off");
    this.#begun.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  header(name: string): string | undefined {
    const value = this.#begun.headers[name];
    return typeof value === "string" && LEGAL.test(value) ? value : undefined;
  }

  setHeader(name: string, value: string): void {
    this.#answerHeaders[name] = value;
  }

  get peer(): Peer {
    this.#peer ??= new LatePeer(this.#begun, this.#options.peerOf);
    return this.#peer;
  }

  get timeoutMs(): number | undefined {
    const { deadlineMs } = this.#begun;
    return deadlineMs === undefined ? undefined : Math.max(0, Math.ceil(deadlineMs - Date.now()));
  }

  get gone(): AbortSignal {
    this.#gone ??= signalOf(this.#begun.stream);
    return this.#gone;
  }

  receive(): Message {
    const { maxMessageBytes } = this.#options;
    const received = this.#received.subarray(0, this.#bytes);
    if (received.length >= PREFIX_BYTES && this.#messageBytes > maxMessageBytes)
      throw new RelataError(
        "MESSAGE_TOO_LARGE",
        `received message larger than max (${this.#messageBytes} vs ${maxMessageBytes})`,
      );
    if (this.#isOverlong || received.length < PREFIX_BYTES || received.length !== PREFIX_BYTES + this.#messageBytes)
      throw new RelataError("INVALID_REQUEST", "the request of a unary call is one message of gRPC, whole");
    if (received[0] !== 0)
      throw new RelataError("INVALID_REQUEST", "the message is compressed and no grpc-encoding says how");
    return decodeMessage(this.#endpoint.route.method.input, received.subarray(PREFIX_BYTES));
  }

  async *requests(): AsyncIterable<Message> {}

  send(message: Message): undefined {
    const bytes = encodeMessage(this.#endpoint.route.method.output, message);
    const framed = Buffer.allocUnsafe(PREFIX_BYTES + bytes.length);
    framed[0] = 0;
    framed.writeUInt32BE(bytes.length, 1);
    framed.set(bytes, PREFIX_BYTES);
    this.#answer = framed;
  }
}

const WITH_TRAILERS = { waitForTrailers: true };
const OK = { "grpc-status": "0" };

function ignore(): void {}

function trailersOf(failed: Failure): OutgoingHttpHeaders {
  const failure = { ...failed, message: fitHeader(failed.message) };
  return {
    "grpc-status": String(failure.code),
    "grpc-message": encodeURI(failure.message),
    "grpc-status-details-bin": Buffer.from(statusDetails(failure)).toString("base64"),
  };
}

function isGone(stream: ServerHttp2Stream): boolean {
  return stream.closed || stream.destroyed || stream.aborted;
}

function signalOf(stream: ServerHttp2Stream): AbortSignal {
  const gone = new AbortController();
  if (isGone(stream)) gone.abort(GONE);
  else stream.once("close", () => gone.abort(GONE));
  return gone.signal;
}
