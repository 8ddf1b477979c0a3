import type { Logger } from "../log.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Largest message a caller may send; a larger one is RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number;
  readonly log: Logger;
}

/** A listening server. */
export interface RpcServer {
  readonly port: number;
  /** Takes no new connection, lets calls under way end for at most `graceMs`, then closes. */
  stop(graceMs: number): Promise<void>;
}
