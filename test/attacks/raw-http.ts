import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect } from "node:net";

/** A list is one header for each of its values. */
export type RawHeaders = Readonly<Record<string, string | string[]>>;

/** What came back over HTTP/2. gRPC puts its status into the trailers, or into the headers where there is no body. */
export interface Http2Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of the stream, when it was reset or refused. */
  readonly error: string | undefined;
}

export interface Http2Request {
  readonly headers: RawHeaders;
  readonly body?: Buffer;
  readonly trailers?: RawHeaders;
}

const PATIENCE_MS = 20_000;
/** Node's client sends no header twice that should stand once, unless it is told to; its types know that of servers only. */
const ANY_HEADERS: object = { strictSingleValueFields: false };

/** One request on a connection of its own, with exactly these headers; what no client library would send as well. */
export function sendHttp2(port: number, { headers, body, trailers }: Http2Request): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`, ANY_HEADERS);
    const answer = { headers: {}, trailers: {}, error: undefined as string | undefined };
    const chunks: Buffer[] = [];
    const finish = () => {
      session.destroy();
      resolve({ ...answer, body: Buffer.concat(chunks) });
    };
    const note = (error: Error) => {
      answer.error ??= error.message;
    };
    session.on("error", (error) => {
      note(error);
      finish();
    });
    try {
      const stream = session.request({ ...headers }, { waitForTrailers: trailers !== undefined, endStream: false });
      if (trailers !== undefined) stream.on("wantTrailers", () => stream.sendTrailers({ ...trailers }));
      stream.on("response", (found) => {
        answer.headers = found;
      });
      stream.on("trailers", (found) => {
        answer.trailers = found;
      });
      stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
      stream.on("error", note);
      stream.on("close", finish);
      stream.setTimeout(PATIENCE_MS, () => stream.close());
      stream.end(body);
    } catch (error) {
      session.destroy();
      reject(error);
    }
  });
}

/** A gRPC message in its envelope. */
export function grpcFrame(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

export function grpcHeaders(procedure: string, more: RawHeaders = {}): RawHeaders {
  return {
    ":method": "POST",
    ":path": `/${procedure}`,
    "content-type": "application/grpc+proto",
    te: "trailers",
    ...more,
  };
}

/** gRPC's status of an answer, wherever it stands; empty when there is none. */
export function grpcStatus({ headers, trailers }: Http2Answer): string {
  return String(trailers["grpc-status"] ?? headers["grpc-status"] ?? "");
}

/** Bytes as they are, over a connection of its own: what comes back until the server hangs up. */
export function sendBytes(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => void chunks.push(chunk));
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    socket.on("error", () => undefined);
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    if (typeof bytes === "string") socket.write(bytes, "latin1");
    else socket.write(bytes);
  });
}

/** The status lines of all answers in what came back over one HTTP/1.1 connection. */
export function statusesIn(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
