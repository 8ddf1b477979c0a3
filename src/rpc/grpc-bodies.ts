import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Authenticator } from "../auth/authenticate.ts";
import type { RefusalLog } from "../model/audit.ts";
import type { Peer } from "../model/peer.ts";
import { toFailure } from "./error-map.ts";
import { fitHeader } from "./fit-header.ts";
import { refusalOf } from "./interceptors/record-refusals.ts";
import { saneRequestId } from "./interceptors/request-id.ts";

/** Of a request whose caller is not proved. */
const UNPROVED_BYTES = 64 * 1024;
/** For a whole request, as on the port of HTTP. */
const REQUEST_TIMEOUT_MS = 60_000;

export interface GrpcBodyOptions {
  readonly authenticator: Pick<Authenticator, "authenticate">;
  /** Where callers who are turned away are put on record. Left out: nowhere. */
  readonly refusals?: RefusalLog | undefined;
  /** Paths that anybody may call. */
  readonly open: ReadonlySet<string>;
  readonly peerOf: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => Peer;
}

/** Is told each stream, once grpc-js has it. */
export type WatchBody = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/**
 * grpc-js takes a message in whole before it asks who sends it, and waits for the rest of one for ever: 50 streams of one
 * connection held 204 MB of nobody's. Here a request that has not arrived within the turn of the event loop it began in, which
 * few are, is watched: before it may be large its caller is proved, and it has a time to arrive in.
 */
export function createBodyWatch(options: GrpcBodyOptions): WatchBody {
  let begun: [ServerHttp2Stream, IncomingHttpHeaders][] = [];
  const look = () => {
    const streams = begun;
    begun = [];
    for (const [stream, headers] of streams) if (isAwaited(stream)) watch(stream, headers, options);
  };
  return (stream, headers) => {
    if (begun.push([stream, headers]) === 1) setImmediate(look);
  };
}

function isAwaited(stream: ServerHttp2Stream): boolean {
  return !stream.readableEnded && !stream.closed && !stream.destroyed && !stream.headersSent;
}

function watch(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, options: GrpcBodyOptions): void {
  const isOpen = options.open.has(String(headers[":path"]));
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= UNPROVED_BYTES) return;
    stream.off("data", count);
    if (isOpen) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else void prove(stream, headers, options);
  };
  stream.on("data", count);
  // What is open is open for days: reflection, and health that is watched.
  if (isOpen) return;
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), REQUEST_TIMEOUT_MS);
  timer.unref();
  const end = () => {
    clearTimeout(timer);
    stream.off("data", count);
  };
  stream.once("end", end);
  stream.once("close", end);
}

async function prove(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { authenticator, refusals, peerOf }: GrpcBodyOptions,
): Promise<void> {
  const peer = peerOf(stream, headers);
  try {
    await authenticator.authenticate(headers.authorization, peer);
  } catch (error) {
    // It has arrived meanwhile, and is answered for what it is.
    if (!isAwaited(stream)) return;
    const requestId = saneRequestId(headers["x-request-id"]?.toString());
    const failure = toFailure(error, requestId);
    const method = String(headers[":path"]).slice(1);
    const refusal = refusalOf(failure, { method, requestId, address: peer.address });
    if (refusal !== undefined) refusals?.record(refusal);
    stream.respond(
      {
        ":status": 200,
        "content-type": "application/grpc+proto",
        "grpc-status": String(failure.code),
        "grpc-message": encodeURIComponent(fitHeader(failure.message)),
        "x-request-id": requestId,
      },
      { endStream: true },
    );
    // In the same turn, so that grpc-js finds it closed and answers nothing itself.
    stream.close(constants.NGHTTP2_NO_ERROR);
  }
}
