import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import type { ServeDirectly } from "./direct-unary.ts";
import type { WatchBody } from "./grpc-bodies.ts";

/** What grpc-js (1.14) calls with each new stream, by whether it counts them for channelz. */
const HANDLERS = ["_channelzHandler", "_streamHandler"] as const;

/**
 * Stands before grpc-js's own handler of new streams. Before connections are taken in.
 *
 * A stream that is opened and reset in one packet is gone before its handler runs. grpc-js answers it all the same where its
 * content type or method is none, `respond` throws on a stream that is gone, nothing catches that, and the process ends: one packet
 * of anybody's, without a credential. Such streams are left alone.
 * @param serve takes what it can, and grpc-js what is left
 * @param begun is told of both
 */
export function takeStreams(
  server: Server,
  { serve, begun }: { readonly serve: ServeDirectly; readonly begun: WatchBody },
): void {
  for (const name of HANDLERS) {
    const handle: unknown = Reflect.get(server, name);
    if (typeof handle !== "function") throw new Error(`this version of grpc-js has no ${name}: see grpc-streams.ts`);
    Reflect.set(
      server,
      name,
      (interceptors: unknown, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
        if (stream.destroyed || stream.closed) {
          stream.on("error", () => undefined);
          return;
        }
        if (!serve(stream, headers)) handle.call(server, interceptors, stream, headers);
        begun(stream, headers);
      },
    );
  }
}
