import type { Socket } from "node:net";
import type { LoadConnection, OnBroken, PendingCall } from "./connection.ts";
import { DATA_FRAME, FRAME_HEADER_BYTES, frame, type GrpcRequest, HEADERS_FRAME } from "./grpc-requests.ts";
import { closeSocket, openSocket } from "./socket.ts";

/**
 * A connection that asks gRPC methods, written down to the frames, so that a client on one core can keep more than one
 * server busy: 3 µs of CPU a call, where a client by node:http2 takes as long as the server (some 40 µs) and the figure would be
 * that of both. Frames of a request are put together once, answers are told by their stream and their bytes; what a call
 * does not need (Huffman's code, the text of response headers) is left out.
 */
export async function openRawConnection(
  host: string,
  port: number,
  onBroken: OnBroken,
): Promise<LoadConnection<GrpcRequest>> {
  const connection = new Connection(await openSocket(host, port), `${host}:${port}`, onBroken);
  await connection.greeted;
  return connection;
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const [RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE] = [3, 4, 6, 7, 8];
const [END_STREAM, ACK] = [1, 1];
const [MAX_STREAMS_SETTING, INITIAL_WINDOW_SIZE_SETTING] = [3, 4];
const MAX_WINDOW = 2 ** 31 - 1;
const DEFAULT_WINDOW = 65_535;
/** One more request fits surely. */
const LEAST_WINDOW = 16_384;
const GREETING_MS = 10_000;
const NO_ANSWER = Buffer.alloc(0);

interface Waiting {
  readonly call: PendingCall;
  readonly parts: Buffer[];
}

class Connection implements LoadConnection<GrpcRequest> {
  readonly greeted: Promise<void>;
  readonly #socket: Socket;
  readonly #address: string;
  readonly #onBroken: OnBroken;
  readonly #calls = new Map<number, Waiting>();
  #outgoing: Buffer[] = [];
  #received: Buffer = NO_ANSWER;
  #nextStream = 1;
  #maxStreams = MAX_WINDOW;
  #sendWindow = DEFAULT_WINDOW;
  #receivedData = 0;
  #closing = false;
  #onSettings: () => void = () => undefined;

  constructor(socket: Socket, address: string, onBroken: OnBroken) {
    this.#socket = socket;
    this.#address = address;
    this.#onBroken = onBroken;
    this.greeted = this.#greet();
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => this.#break(`the connection broke: ${error.message}`));
    socket.on("close", () => this.#break("the server closed the connection"));
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  get free(): boolean {
    return this.#calls.size < this.#maxStreams && this.#sendWindow >= LEAST_WINDOW;
  }

  /** Until the server has said how many calls it takes at once. */
  #greet(): Promise<void> {
    const window = Buffer.alloc(6);
    window.writeUInt16BE(INITIAL_WINDOW_SIZE_SETTING, 0);
    window.writeUInt32BE(MAX_WINDOW, 2);
    this.#outgoing.push(Buffer.from(PREFACE), frame(SETTINGS, 0, 0, window));
    this.#grant(MAX_WINDOW - DEFAULT_WINDOW);
    this.flush();
    return new Promise((resolve, reject) => {
      const refuse = (why: string) => {
        clearTimeout(timer);
        this.#closing = true;
        this.#socket.destroy();
        reject(new Error(`${this.#address} does not answer as HTTP/2: ${why}`));
      };
      const timer = setTimeout(() => refuse(`nothing within ${GREETING_MS / 1000} s`), GREETING_MS);
      const onClose = () => refuse("it closed the connection");
      this.#socket.once("close", onClose);
      this.#onSettings = () => {
        clearTimeout(timer);
        this.#socket.off("close", onClose);
        resolve();
      };
    });
  }

  ask(request: GrpcRequest, call: PendingCall): void {
    const stream = this.#nextStream;
    const { bytes, streamOffsets, dataBytes } = stream === 1 ? request.first() : request;
    const [inHeaders, inData] = streamOffsets;
    this.#nextStream += 2;
    this.#sendWindow -= dataBytes;
    this.#calls.set(stream, { call, parts: [] });
    const copy = Buffer.from(bytes);
    copy.writeUInt32BE(stream, inHeaders);
    copy.writeUInt32BE(stream, inData);
    this.#outgoing.push(copy);
  }

  flush(): void {
    if (this.#outgoing.length === 0) return;
    this.#socket.write(this.#outgoing.length === 1 ? (this.#outgoing[0] as Buffer) : Buffer.concat(this.#outgoing));
    this.#outgoing = [];
  }

  close(): Promise<void> {
    this.#closing = true;
    for (const stream of [...this.#calls.keys()]) this.#end(stream, "not answered");
    return closeSocket(this.#socket);
  }

  #grant(bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes, 0);
    this.#outgoing.push(frame(WINDOW_UPDATE, 0, 0, payload));
  }

  #break(why: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.destroy();
    this.#onBroken(new Error(`${this.#address}: ${why}`));
  }

  #read(chunk: Buffer): void {
    const bytes = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5);
      this.#take(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, stream, bytes.subarray(at + FRAME_HEADER_BYTES, end));
      at = end;
    }
    this.#received = bytes.subarray(at);
    if (this.#receivedData > MAX_WINDOW / 2) {
      this.#grant(this.#receivedData);
      this.#receivedData = 0;
    }
    this.flush();
  }

  #take(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === DATA_FRAME) {
      this.#receivedData += payload.length;
      if (payload.length > 0) this.#calls.get(stream)?.parts.push(payload);
    } else if (type === SETTINGS && (flags & ACK) === 0) this.#settle(payload);
    else if (type === PING && (flags & ACK) === 0) this.#outgoing.push(frame(PING, ACK, 0, payload));
    else if (type === WINDOW_UPDATE && stream === 0) this.#sendWindow += payload.readUInt32BE(0);
    else if (type === RST_STREAM)
      this.#end(stream, `the server reset the call: HTTP/2 error ${payload.readUInt32BE(0)}`);
    else if (type === GOAWAY)
      this.#break(`the server sends its callers away: HTTP/2 error ${payload.readUInt32BE(4)} ${payload.subarray(8)}`);
    if ((type === DATA_FRAME || type === HEADERS_FRAME) && (flags & END_STREAM) !== 0) this.#end(stream, undefined);
  }

  #settle(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6)
      if (payload.readUInt16BE(at) === MAX_STREAMS_SETTING) this.#maxStreams = payload.readUInt32BE(at + 2);
    this.#outgoing.push(frame(SETTINGS, ACK, 0, NO_ANSWER));
    this.#onSettings();
  }

  #end(stream: number, failure: string | undefined): void {
    const waiting = this.#calls.get(stream);
    if (waiting === undefined) return;
    this.#calls.delete(stream);
    const { call, parts } = waiting;
    call.onEnd(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts), failure);
  }
}
