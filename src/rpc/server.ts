import type { Logger } from "../log.ts";
import type { Entrance } from "./connections/entrance.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Largest message a caller may send; a larger one is RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number;
  readonly log: Logger;
  /** Shared by all ports of the process, and closed by who opened it. */
  readonly entrance: Entrance;
}

/** A listening server. */
export interface RpcServer {
  readonly port: number;
  /** Takes no new connection, lets calls under way end for at most `graceMs`, then closes. */
  stop(graceMs: number): Promise<void>;
}
