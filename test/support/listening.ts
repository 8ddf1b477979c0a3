import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** Something that listens on a port of its own until the scope ends. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
}

export async function listening(server: Pick<Server, "listen" | "address" | "close" | "on">): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Nothing listens there: it was free a moment ago. */
export async function closedPort(): Promise<number> {
  const gone = await listening(createServer());
  await gone[Symbol.asyncDispose]();
  return gone.port;
}
