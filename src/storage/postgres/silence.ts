import type { Socket } from "node:net";
import type pg from "pg";

/** Gives a connection up on which something is awaited and nothing arrives: a cable cut, a host frozen, a path lost. */
export interface SilenceWatch {
  /** Something is awaited from now on. Once for each, and `settled` once for each. */
  awaited(): void;
  settled(): void;
  stop(): void;
}

/** How often it looks within the limit. */
const LOOKS = 4;

/** What is awaited on a connection that was given up fails like on any other that broke: STORE_UNAVAILABLE. */
export function watchSilence(client: pg.ClientBase, limitMs: number): SilenceWatch {
  let waiting = 0;
  let bytesRead = 0;
  let heardAtMs = 0;
  const look = () => {
    const socket = socketOf(client);
    if (waiting === 0) return;
    if (socket.bytesRead !== bytesRead) {
      bytesRead = socket.bytesRead;
      heardAtMs = performance.now();
    } else if (performance.now() - heardAtMs >= limitMs) {
      socket.destroy(new Error(`Connection terminated: nothing was heard for ${limitMs} ms`));
    }
  };
  const timer = setInterval(look, Math.ceil(limitMs / LOOKS));
  timer.unref();
  const stop = () => clearInterval(timer);
  client.on("end", stop);
  return {
    awaited() {
      waiting += 1;
      if (waiting === 1) heardAtMs = performance.now();
    },
    settled() {
      waiting -= 1;
    },
    stop,
  };
}

/** pg keeps it on its connection, and puts TLS in its place once that is agreed upon. */
export function socketOf(client: pg.ClientBase): Socket {
  return (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;
}
