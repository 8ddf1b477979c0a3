import type { Server } from "node:http";
import type { Http2Server } from "node:http2";
import type { Socket } from "node:net";

/** How every HTTP/2 connection begins (RFC 9113 §3.4); no HTTP/1.1 method starts like it. */
const PREFACE = "PRI * HTTP/2.0";

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
    socket.once("readable", () => {
      const first: Buffer | null = socket.read();
      if (first === null) {
        socket.destroy();
        return;
      }
      socket.setTimeout(0, giveUp);
      socket.off("timeout", giveUp);
      socket.off("error", giveUp);
      socket.unshift(first);
      const start = first.toString("latin1", 0, PREFACE.length);
      if (PREFACE.startsWith(start)) http2.emit("connection", socket);
      else for (const listener of asHttp1) listener.call(http1, socket);
    });
  });
  return sockets;
}
