import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type HeaderField, HpackEncoder } from "./hpack-encoder.ts";

/**
 * A connection that asks unary gRPC methods, written down to the frames, so that a client on one core can keep more than one
 * server busy: 3 µs of CPU a call, where a client by node:http2 takes as long as the server (some 40 µs) and the figure would be
 * that of both. Frames of a request are put together once, answers are told by their stream and their bytes; what a call
 * does not need (Huffman's code, the text of response headers) is left out.
 */
export interface RawConnection {
  /** Frames of a request of this method from now on; the first one fills the server's header table. */
  prepare(headers: readonly HeaderField[], message: Uint8Array): Frames;
  /** Sends at the next `flush`. `onEnd` gets the answer's message, empty where the call failed. */
  ask(frames: Frames, call: PendingCall): void;
  flush(): void;
  readonly inFlight: number;
  close(): Promise<void>;
}

/** Who waits for an answer. Made once by a load and used again, call after call. */
export interface PendingCall {
  /** Of gRPC's framing: five bytes, then the message. */
  onEnd(call: this, answer: Buffer): void;
}

/** A request with its stream's number still missing. */
export interface Frames {
  readonly bytes: Buffer;
  /** Where the number goes, twice. */
  readonly streamOffsets: readonly [number, number];
  /** Counted against the server's window. */
  readonly dataBytes: number;
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE] = [0, 1, 3, 4, 6, 7, 8];
const [END_STREAM, ACK, END_HEADERS] = [1, 1, 4];
const FRAME_HEADER_BYTES = 9;
const INITIAL_WINDOW_SIZE_SETTING = 4;
const MAX_WINDOW = 2 ** 31 - 1;
const DEFAULT_WINDOW = 65_535;
const NO_ANSWER = Buffer.alloc(0);

export async function openRawConnection(host: string, port: number): Promise<RawConnection> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, "connect");
  const connection = new Connection(socket);
  connection.greet();
  return connection;
}

class Connection implements RawConnection {
  readonly #socket: Socket;
  readonly #hpack = new HpackEncoder();
  readonly #calls = new Map<number, { readonly call: PendingCall; answer: Buffer }>();
  #outgoing: Buffer[] = [];
  #received: Buffer = NO_ANSWER;
  #nextStream = 1;
  #sendWindow = DEFAULT_WINDOW;
  #receivedData = 0;
  #closing = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  get inFlight(): number {
    return this.#calls.size;
  }

  greet(): void {
    const window = Buffer.alloc(6);
    window.writeUInt16BE(INITIAL_WINDOW_SIZE_SETTING, 0);
    window.writeUInt32BE(MAX_WINDOW, 2);
    this.#outgoing.push(Buffer.from(PREFACE), frame(SETTINGS, 0, 0, window));
    this.#grant(MAX_WINDOW - DEFAULT_WINDOW);
    this.flush();
  }

  prepare(headers: readonly HeaderField[], message: Uint8Array): Frames {
    // Twice: what the first block adds to the table is an index in the second.
    const first = this.#hpack.encode(headers);
    const block = this.#hpack.encode(headers);
    if (!first.equals(block)) this.#introduce(first, message);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    const data = Buffer.concat([prefix, message]);
    const bytes = Buffer.concat([frame(HEADERS, END_HEADERS, 0, block), frame(DATA, END_STREAM, 0, data)]);
    return { bytes, streamOffsets: [5, FRAME_HEADER_BYTES + block.length + 5], dataBytes: data.length };
  }

  /** A call whose answer nobody reads, for its headers alone. */
  #introduce(block: Buffer, message: Uint8Array): void {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    const stream = this.#open({ onEnd: () => undefined }, 5 + message.length);
    const data = Buffer.concat([prefix, message]);
    this.#outgoing.push(frame(HEADERS, END_HEADERS, stream, block), frame(DATA, END_STREAM, stream, data));
  }

  #open(call: PendingCall, dataBytes: number): number {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.#sendWindow -= dataBytes;
    if (this.#sendWindow < 0) throw new Error("more in flight than the server's window holds");
    this.#calls.set(stream, { call, answer: NO_ANSWER });
    return stream;
  }

  ask({ bytes, streamOffsets: [inHeaders, inData], dataBytes }: Frames, call: PendingCall): void {
    const stream = this.#open(call, dataBytes);
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

  async close(): Promise<void> {
    this.#closing = true;
    const closed = once(this.#socket, "close");
    this.#socket.end();
    await closed;
  }

  #grant(bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes, 0);
    this.#outgoing.push(frame(WINDOW_UPDATE, 0, 0, payload));
  }

  #fail(error: Error): void {
    // What waits will not be answered: the bench has failed, not a call.
    if (!this.#closing) throw error;
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
    if (type === DATA) {
      this.#receivedData += payload.length;
      const waiting = this.#calls.get(stream);
      if (waiting !== undefined)
        waiting.answer = waiting.answer.length === 0 ? payload : Buffer.concat([waiting.answer, payload]);
    } else if (type === SETTINGS && (flags & ACK) === 0) this.#outgoing.push(frame(SETTINGS, ACK, 0, NO_ANSWER));
    else if (type === PING && (flags & ACK) === 0) this.#outgoing.push(frame(PING, ACK, 0, payload));
    else if (type === WINDOW_UPDATE && stream === 0) this.#sendWindow += payload.readUInt32BE(0);
    else if (type === RST_STREAM) throw new Error(`the server reset a call: HTTP/2 error ${payload.readUInt32BE(0)}`);
    else if (type === GOAWAY && !this.#closing)
      throw new Error(
        `the server sends its connections away: HTTP/2 error ${payload.readUInt32BE(4)} ${payload.subarray(8)}`,
      );
    if ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0) this.#end(stream);
  }

  #end(stream: number): void {
    const waiting = this.#calls.get(stream);
    if (waiting === undefined) return;
    this.#calls.delete(stream);
    waiting.call.onEnd(waiting.call, waiting.answer);
  }
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}
