import type { Socket } from "node:net";

/** How every HTTP/2 connection begins (RFC 9113 §3.4). */
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export type FirstBytes = "http1" | "http2";

/**
 * Looks at how a connection begins, and puts back what it has read. One that has not said in time which it speaks, to the end
 * of the preface where it begins like one, or ends before it has, is closed: behind this, HTTP/2 waits for the rest for good.
 */
export function onFirstBytes(socket: Socket, timeoutMs: number, then: (speaks: FirstBytes) => void): void {
  const giveUp = () => socket.destroy();
  // For all of it, not since the last byte: whoever sends one now and then has no longer than others.
  const timer = setTimeout(giveUp, timeoutMs);
  socket.on("error", giveUp);
  socket.once("close", () => clearTimeout(timer));
  let seen = Buffer.alloc(0);
  const look = () => {
    const more: Buffer | null = socket.read();
    if (more === null) return;
    seen = Buffer.concat([seen, more]);
    const start = seen.toString("latin1", 0, PREFACE.length);
    const speaksHttp2 = PREFACE.startsWith(start);
    if (speaksHttp2 && start.length < PREFACE.length) return;
    clearTimeout(timer);
    socket.off("readable", look);
    socket.off("end", giveUp);
    socket.off("error", giveUp);
    socket.unshift(seen);
    then(speaksHttp2 ? "http2" : "http1");
  };
  socket.on("readable", look);
  socket.once("end", giveUp);
}
