import type { Socket } from "node:net";

/** How every HTTP/2 connection begins (RFC 9113 §3.4). */
const PREFACE = "PRI * HTTP/2.0";
/** POST and PROPFIND begin like it, and a first packet may hold a single byte; with the third no method of HTTP/1.1 does. */
const PREFACE_IS_CERTAIN = 3;

export type FirstBytes = "http1" | "http2";

/**
 * Looks at how a connection begins, and puts back what it has read. One that says nothing in time, or ends before it has
 * said which it speaks, is closed.
 */
export function onFirstBytes(socket: Socket, timeoutMs: number, then: (speaks: FirstBytes) => void): void {
  const giveUp = () => socket.destroy();
  socket.on("error", giveUp);
  socket.setTimeout(timeoutMs, giveUp);
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
    then(speaksHttp2 ? "http2" : "http1");
  };
  socket.on("readable", look);
  socket.once("end", giveUp);
}
