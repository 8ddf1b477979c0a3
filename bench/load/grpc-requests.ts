import { type HeaderField, HpackEncoder } from "./hpack-encoder.ts";
import type { LoadRequest, LoadTarget } from "./target.ts";

/** Frames with their stream's number still missing. */
export interface Frames {
  readonly bytes: Buffer;
  /** Where the number goes, twice. */
  readonly streamOffsets: readonly [number, number];
  /** Counted against the server's window. */
  readonly dataBytes: number;
}

/** A request as every connection sends it. */
export interface GrpcRequest extends Frames {
  /** As the first one of a connection, which fills the server's header table. */
  first(): Frames;
}

export const [DATA_FRAME, HEADERS_FRAME] = [0, 1];
export const FRAME_HEADER_BYTES = 9;
export const PREFIX_BYTES = 5;
const [END_STREAM, END_HEADERS] = [1, 4];
/** What a stream takes before the server says more; the frames of a request are sent in one go. */
const MAX_BODY_BYTES = 16_384 - PREFIX_BYTES;

/** Put together once, for all connections: they fill their tables alike. */
export function grpcRequests(target: LoadTarget): readonly GrpcRequest[] {
  const varying = varyingNames(target);
  const filled = new HpackEncoder(varying);
  const [any] = target.requests;
  if (any === undefined) return [];
  filled.encode(fieldsOf(target, any));
  const blocks = new Map<LoadRequest["headers"], Map<string, Buffer>>();
  const blockOf = (request: LoadRequest): Buffer => {
    const { headers, path } = request;
    const byPath = blocks.get(headers) ?? new Map<string, Buffer>();
    const block = byPath.get(path) ?? filled.encode(fieldsOf(target, request));
    blocks.set(headers, byPath.set(path, block));
    return block;
  };
  return target.requests.map((request) => ({
    ...framesOf(blockOf(request), request.body),
    first: () => framesOf(new HpackEncoder(varying).encode(fieldsOf(target, request)), request.body),
  }));
}

function fieldsOf({ host, port }: LoadTarget, { path, headers }: LoadRequest): readonly HeaderField[] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", `${host}:${port}`],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
    ["user-agent", "relata-bench"],
    ...headers,
  ];
}

/** Names of headers that not every request has with the same value. */
function varyingNames({ requests }: LoadTarget): ReadonlySet<string> {
  const [any] = requests;
  const varying = new Set<string>();
  const known = new Map(any?.headers);
  for (const headers of new Set(requests.map(({ headers }) => headers))) {
    for (const [name, value] of headers) if (known.get(name) !== value) varying.add(name);
    const here = new Set(headers.map(([name]) => name));
    for (const name of known.keys()) if (!here.has(name)) varying.add(name);
  }
  if (requests.some(({ path }) => path !== any?.path)) varying.add(":path");
  return varying;
}

function framesOf(block: Buffer, body: Uint8Array): Frames {
  if (body.length > MAX_BODY_BYTES) throw new Error(`a request of ${body.length} bytes, of at most ${MAX_BODY_BYTES}`);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(body.length, 1);
  const data = Buffer.concat([prefix, body]);
  const bytes = Buffer.concat([frame(HEADERS_FRAME, END_HEADERS, 0, block), frame(DATA_FRAME, END_STREAM, 0, data)]);
  return { bytes, streamOffsets: [5, FRAME_HEADER_BYTES + block.length + 5], dataBytes: data.length };
}

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}
