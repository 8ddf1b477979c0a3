import type { Socket } from "node:net";
import type { TLSSocket, Server as TlsServer } from "node:tls";
import type { Logger } from "../../log.ts";
import { type Peer, UNKNOWN_PEER } from "../../model/peer.ts";
import { networkOf, plainAddress } from "../peer-address.ts";
import { ConnectionPeer } from "./connection-peer.ts";
import type { ConnectionRoom } from "./connection-room.ts";
import { type FirstBytes, onFirstBytes } from "./first-bytes.ts";
import type { Tls } from "./tls.ts";

export interface FrontOptions {
  /** Shared by both ports. Undefined: clear text. */
  readonly tls: Tls | undefined;
  /** What TLS may settle on, the best first. */
  readonly alpn: readonly string[];
  /** Shared by both ports. */
  readonly room: ConnectionRoom;
  /** For the first byte of a connection. */
  readonly firstByteTimeoutMs: number;
  /** To whoever comes while the port stops, in the words of its protocol. */
  readonly farewell?: Uint8Array;
  readonly log: Logger;
}

/** The address and port of the other end, as grpc-js writes them too. */
type Remote = string;

/**
 * What stands before a port's protocols: takes connections in as long as there is room, ends their TLS, sees how they begin
 * and remembers who is at the other end.
 */
export class Front {
  /** Every open connection. */
  readonly sockets = new Set<Socket>();
  /** Those that have not said yet what they speak. */
  readonly #beginning = new Set<Socket>();
  readonly #peers = new Map<Remote, ConnectionPeer>();
  readonly #options: FrontOptions;
  readonly #accept: (socket: Socket, speaks: FirstBytes) => void;
  readonly #tlsServer: TlsServer | undefined;
  #isStopped = false;

  constructor(options: FrontOptions, accept: (socket: Socket, speaks: FirstBytes) => void) {
    this.#options = options;
    this.#accept = accept;
    this.#tlsServer = options.tls?.createServer(options.alpn);
    this.#tlsServer?.on("secureConnection", (socket) => this.#secured(socket));
    this.#tlsServer?.on("tlsClientError", (error, socket) => {
      options.log.debug({ address: plainAddress(socket.remoteAddress), error: String(error) }, "TLS handshake failed");
      socket.destroy();
    });
  }

  receive(socket: Socket): void {
    const remote = remoteOf(socket);
    const { room } = this.#options;
    const address = plainAddress(socket.remoteAddress);
    // The same remote port twice at once can only be two local addresses, and then a peer's certificate would be anybody's.
    if (remote === undefined || this.#peers.has(remote) || !room.enter(networkOf(address))) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    this.#peers.set(remote, new ConnectionPeer(address));
    socket.once("close", () => {
      this.sockets.delete(socket);
      this.#peers.delete(remote);
      room.leave(networkOf(address));
    });
    socket.setNoDelay(true);
    if (this.#tlsServer === undefined) this.#begin(socket);
    else this.#tlsServer.emit("connection", socket);
  }

  /** Who is at the other end of a connection that is open; of one that is gone nothing is known. */
  peerOf(remote: Remote | undefined): Peer {
    return (remote === undefined ? undefined : this.#peers.get(remote)) ?? UNKNOWN_PEER;
  }

  /** Nobody is let in any more: what comes behind this has been told of the end, and would not tell a newcomer. */
  stop(): void {
    this.#isStopped = true;
    for (const socket of this.#beginning) this.#dismiss(socket);
  }

  #dismiss(socket: Socket): void {
    // What it sends yet is read and dropped: a connection closed over unread bytes is reset, and the farewell lost.
    socket.end(this.#options.farewell ?? "").resume();
  }

  #secured(socket: TLSSocket): void {
    const { log, tls } = this.#options;
    const remote = remoteOf(socket);
    const peer = remote === undefined ? undefined : this.#peers.get(remote);
    if (peer === undefined) {
      socket.destroy();
      return;
    }
    try {
      peer.certificate = tls?.certificateOf(socket);
    } catch (error) {
      log.warn(
        { address: peer.address, error: error instanceof Error ? error.message : String(error) },
        "TLS connection refused",
      );
      socket.destroy();
      return;
    }
    this.#begin(socket);
  }

  #begin(socket: Socket): void {
    this.#beginning.add(socket);
    socket.once("close", () => this.#beginning.delete(socket));
    onFirstBytes(socket, this.#options.firstByteTimeoutMs, (speaks) => {
      this.#beginning.delete(socket);
      if (this.#isStopped) socket.resume();
      else this.#accept(socket, speaks);
    });
    if (this.#isStopped) this.#dismiss(socket);
  }
}

/** Undefined: the other end has gone already. */
export function remoteOf({
  remoteAddress,
  remotePort,
}: Pick<Socket, "remoteAddress" | "remotePort">): Remote | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress}:${remotePort}`;
}
