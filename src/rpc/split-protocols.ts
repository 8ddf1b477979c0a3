import type { Server } from "node:http";
import type { Http2Server } from "node:http2";
import type { Socket } from "node:net";

/** How every HTTP/2 connection begins (RFC 9113 §3.4). */
const PREFACE = "PRI * HTTP/2.0";
/** POST and PROPFIND begin like it, and a first packet may hold a single byte; with the third no method of HTTP/1.1 does. */
const PREFACE_IS_CERTAIN = 3;

/**
 * Lets one cleartext port speak HTTP/1.1 and HTTP/2, by the first bytes of each connection. Node's plain HTTP/2 server
 * speaks nothing else, and `http1` keeps its own bookkeeping of connections, which its timeouts and `close` live on.
 * @returns every open connection
 */
export function splitProtocols(http1: Server, http2: Http2Server, firstByteTimeoutMs: number): ReadonlySet<Socket> {
  const asHttp1 = http1.listeners("connection") as ((this: Server, socket: Socket) => void)[];
  http1.removeAllListeners("connection");
  const sockets = new Set<Socket>();
  http1.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.setNoDelay(true);
    const giveUp = () => socket.destroy();
    socket.on("error", giveUp);
    socket.setTimeout(firstByteTimeoutMs, giveUp);
    let seen = Buffer.alloc(0);
    const look = () => {
      const more: Buffer | null = socket.read();
      if (more === null) return;
      seen = Buffer.concat([seen, more]);
      const start = seen.toString("latin1", 0, PREFACE.length);
      const speaksHttp2 = PREFACE.startsWith(start);
      if (speaksHttp2 && start.length < PREFACE_IS_CERTAIN) return;
      socket.off("readable", look);
      socket.off("end", giveUp);
      socket.setTimeout(0, giveUp);
      socket.off("timeout", giveUp);
      socket.off("error", giveUp);
      socket.unshift(seen);
      if (speaksHttp2) http2.emit("connection", socket);
      else for (const listener of asHttp1) listener.call(http1, socket);
    };
    socket.on("readable", look);
    // Gone before it said which it speaks.
    socket.once("end", giveUp);
  });
  return sockets;
}
