/** A connection that asks prepared requests `P`, whatever it speaks. */
export interface LoadConnection<P> {
  /** False where a call would have to wait: as many are in flight as the server takes. */
  readonly free: boolean;
  readonly inFlight: number;
  /** Sends at the next `flush`. */
  ask(request: P, call: PendingCall): void;
  flush(): void;
  /** Calls that are in flight end with an error. */
  close(): Promise<void>;
}

/** Who waits for an answer. Made once by a load and used again, call after call. */
export interface PendingCall {
  /** @param answer gRPC's messages, each behind its prefix of five bytes, or an HTTP body @param failure why there is no good answer */
  onEnd(answer: Buffer, failure: string | undefined): void;
}

/** Told once when a connection breaks while it is needed: the load has failed then, not a call. */
export type OnBroken = (error: Error) => void;
