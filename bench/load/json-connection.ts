import type { Socket } from "node:net";
import type { LoadConnection, OnBroken, PendingCall } from "./connection.ts";
import { closeSocket, openSocket } from "./socket.ts";
import type { LoadTarget } from "./target.ts";

/** A whole HTTP/1.1 request. */
export type JsonRequest = Buffer;

const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const NOTHING = Buffer.alloc(0);
const MAX_SHOWN = 200;
const OK = 200;

/** Put together once, for all connections. */
export function jsonRequests({ host, port, requests }: LoadTarget): readonly JsonRequest[] {
  return requests.map(({ path, headers, body }) => {
    const head = [
      `POST ${path} HTTP/1.1`,
      `host: ${host}:${port}`,
      "content-type: application/json",
      `content-length: ${body.length}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ];
    return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body]);
  });
}

/**
 * A connection that posts over HTTP/1.1, one call after the other: some 10 µs of CPU each, most of them the kernel's, where a
 * client by node:http takes 60. Reads bodies of a known length and in chunks, and no trailers.
 */
export async function openJsonConnection(
  host: string,
  port: number,
  onBroken: OnBroken,
): Promise<LoadConnection<JsonRequest>> {
  return new Connection(await openSocket(host, port), `${host}:${port}`, onBroken);
}

class Connection implements LoadConnection<JsonRequest> {
  readonly #socket: Socket;
  readonly #address: string;
  readonly #onBroken: OnBroken;
  #call: PendingCall | undefined;
  #outgoing: Buffer | undefined;
  #received: Buffer = NOTHING;
  #closing = false;

  constructor(socket: Socket, address: string, onBroken: OnBroken) {
    this.#socket = socket;
    this.#address = address;
    this.#onBroken = onBroken;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => this.#break(`the connection broke: ${error.message}`));
    socket.on("close", () => this.#break("the server closed the connection"));
  }

  get free(): boolean {
    return this.#call === undefined;
  }

  get inFlight(): number {
    return this.#call === undefined ? 0 : 1;
  }

  ask(request: JsonRequest, call: PendingCall): void {
    this.#call = call;
    this.#outgoing = request;
  }

  flush(): void {
    if (this.#outgoing === undefined) return;
    this.#socket.write(this.#outgoing);
    this.#outgoing = undefined;
  }

  close(): Promise<void> {
    this.#closing = true;
    this.#end(NOTHING, "not answered");
    return closeSocket(this.#socket);
  }

  #break(why: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.destroy();
    this.#onBroken(new Error(`${this.#address}: ${why}`));
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    try {
      while (this.#take());
    } catch (error) {
      this.#break(error instanceof Error ? error.message : String(error));
    }
    this.flush();
  }

  /** @returns false while something is missing */
  #take(): boolean {
    const found = readResponse(this.#received);
    if (found === undefined) return false;
    this.#received = this.#received.subarray(found.end);
    const { status, body } = found;
    if (status >= OK)
      this.#end(body, status === OK ? undefined : `HTTP ${status}: ${body.toString("utf8", 0, MAX_SHOWN)}`);
    return true;
  }

  #end(body: Buffer, failure: string | undefined): void {
    const call = this.#call;
    this.#call = undefined;
    call?.onEnd(body, failure);
  }
}

interface Response {
  readonly status: number;
  readonly body: Buffer;
  /** Where the next response begins. */
  readonly end: number;
}

/** @returns undefined while something of it is missing @throws on what is no HTTP/1.1 */
export function readResponse(bytes: Buffer): Response | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  if (Number.isNaN(status)) throw new Error(`no HTTP/1.1: ${head.slice(0, MAX_SHOWN)}`);
  const start = headEnd + HEAD_END.length;
  if (status < OK || status === 204) return { status, body: NOTHING, end: start };
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return readChunks(bytes, start, status);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error("a response without a length, which ends with its connection");
  const end = start + Number(length);
  return end > bytes.length ? undefined : { status, body: bytes.subarray(start, end), end };
}

function readChunks(bytes: Buffer, start: number, status: number): Response | undefined {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf(LINE_END, at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error("a chunk without a size");
    const data = lineEnd + LINE_END.length;
    at = data + size + LINE_END.length;
    if (at > bytes.length) return undefined;
    if (size === 0) return { status, body: Buffer.concat(parts), end: at };
    parts.push(bytes.subarray(data, data + size));
  }
}
