import { once } from "node:events";
import { connect, type Socket } from "node:net";

// Frames of HTTP/2 (RFC 9113 §4, §6) as no client library would send them.

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const [HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION] = [1, 3, 4, 6, 7, 9];
const FRAME_HEADER_BYTES = 9;
export const [END_STREAM, END_HEADERS] = [1, 4];
const SMALL_WINDOW = Buffer.from([0, 4, 0, 0, 0, 0]);

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** A header block without Huffman's code and without the table (RFC 7541 §6.2.2): each field is spelt out. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]);
  return Buffer.concat(parts);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length: number[] = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** `window` 0: whatever is answered stays with the server. */
export function greeting(window?: 0): Buffer {
  return Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, window === 0 ? SMALL_WINDOW : Buffer.alloc(0))]);
}

export interface RawConnection {
  readonly socket: Socket;
  /** Types of the frames that came, in their order. */
  readonly types: () => readonly number[];
  readonly isClosed: () => boolean;
}

export async function openHttp2(port: number, first: Uint8Array): Promise<RawConnection> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const chunks: Buffer[] = [];
  let closed = false;
  socket.on("error", () => undefined);
  socket.on("close", () => {
    closed = true;
  });
  socket.on("data", (chunk: Buffer) => void chunks.push(chunk));
  await once(socket, "connect");
  socket.write(first);
  return { socket, types: () => typesOf(Buffer.concat(chunks)), isClosed: () => closed };
}

function typesOf(bytes: Buffer): readonly number[] {
  const types: number[] = [];
  for (let at = 0; at + FRAME_HEADER_BYTES <= bytes.length; at += FRAME_HEADER_BYTES + bytes.readUIntBE(at, 3))
    types.push(bytes[at + 3] ?? -1);
  return types;
}
