import net from "node:net";

/** Stands between a client and Postgres and can cut the wire at a COMMIT. */
export interface CuttingProxy {
  readonly port: number;
  /** The next COMMIT is lost on its way to the server, or its answer on its way back. */
  cutNextCommit(where: "request" | "answer"): void;
  close(): Promise<void>;
}

/** "COMMIT" as a simple-protocol message ends: text and a zero byte. */
const COMMIT = Buffer.from("COMMIT\0");

export async function startCuttingProxy(server: {
  readonly host: string;
  readonly port: number;
}): Promise<CuttingProxy> {
  let armed: "request" | "answer" | undefined;
  const sockets = new Set<net.Socket>();
  const proxy = net.createServer((client) => {
    const upstream = server.host.startsWith("/")
      ? net.connect(`${server.host}/.s.PGSQL.${server.port}`)
      : net.connect(server.port, server.host);
    let swallowing = false;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
    client.on("data", (chunk) => {
      const at = armed === undefined ? -1 : chunk.indexOf(COMMIT);
      if (at < 0) return void upstream.write(chunk);
      swallowing = armed === "answer";
      armed = undefined;
      if (swallowing) upstream.write(chunk);
      else upstream.write(chunk.subarray(0, at - 5), () => client.destroy());
    });
    upstream.on("data", (chunk) => {
      if (!swallowing) return void client.write(chunk);
      // The commit's own answer: the server has committed and says so.
      if (chunk.includes(COMMIT)) client.destroy();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    port: (proxy.address() as net.AddressInfo).port,
    cutNextCommit(where) {
      armed = where;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
