import type { AddressInfo, ListenOptions, Server } from "node:net";
import { createServer } from "node:net";
import { badInput, type CliError } from "../exit.ts";

const LOOPBACK = "127.0.0.1";

/** Whose port it is and which flag moves it. */
export interface PortUse {
  readonly what: string;
  readonly flag: string;
}

/** Listens on the loopback. @throws CliError that names the flag when the port is taken. */
export function listen(server: Server, port: number, use: PortUse): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(cannotListen(error, port, use));
    server.once("error", fail);
    server.listen({ port, host: LOOPBACK } satisfies ListenOptions, () => {
      server.off("error", fail);
      resolve();
    });
  });
}

/** Looks whether a port could be taken now, so that the answer comes before a database is started. */
export async function probePort(port: number, use: PortUse): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  await listen(server, port, use);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

export function isFree(port: number): Promise<boolean> {
  return probePort(port, { what: "", flag: "" }).then(
    () => true,
    () => false,
  );
}

/** One that was free a moment ago, for what must be named before it listens. */
export async function anyFreePort(): Promise<number> {
  const server = createServer();
  await listen(server, 0, { what: "", flag: "" });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

function cannotListen(error: NodeJS.ErrnoException, port: number, use: PortUse): CliError {
  const why =
    error.code === "EADDRINUSE"
      ? "something else listens there"
      : error.code === "EACCES"
        ? "ports below 1024 need more rights"
        : error.message;
  return badInput(`port ${port} for ${use.what} cannot be used: ${why}`, {
    where: `${LOOPBACK}:${port}`,
    hint: `choose another with ${use.flag} PORT; ${use.flag} 0 takes any free one`,
    cause: error,
  });
}
