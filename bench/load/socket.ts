import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** @throws Error that says where nobody listens */
export async function openSocket(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  try {
    await once(socket, "connect");
  } catch (cause) {
    throw new Error(`cannot connect to ${host}:${port}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  return socket;
}

export async function closeSocket(socket: Socket): Promise<void> {
  socket.destroy();
  if (!socket.closed) await once(socket, "close");
}
