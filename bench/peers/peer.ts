import type { LoadTarget } from "../load/target.ts";
import type { KnownQuestion, Workload } from "../workloads/workload.ts";

export type PeerName = "spicedb" | "openfga";

/** Where the user says that a peer listens: `spicedb=localhost:50051,token`. */
export interface PeerAddress {
  readonly name: PeerName;
  readonly host: string;
  readonly port: number;
  /** Left out where the peer asks for none. */
  readonly token?: string;
}

/**
 * How fresh an answer has to be, on both sides: whatever costs the least, which is everybody's default, or all that was written before.
 */
export type PeerConsistency = "minimize_latency" | "fully_consistent";

/** Another system that answers the same questions over the same tuples. */
export interface Peer extends AsyncDisposable {
  readonly address: PeerAddress;
  /** As the peer itself says; undefined where it does not. */
  readonly version: string | undefined;
  /** Where its model differs from what was written, in sentences. Empty: the same meaning. */
  differences(work: Workload): readonly string[];
  /** Why it cannot hold the workload, in a sentence. Left out, or undefined: it can. */
  cannot?(work: Workload): string | undefined;
  /** Writes schema and tuples, by the peer's own client. What was there under the same names is replaced. */
  load(work: Workload, print: (line: string) => void): Promise<LoadedPeer>;
}

export interface LoadedPeer {
  readonly tuples: number;
  readonly loadSeconds: number;
  /** By the peer's own client. @throws PeerError */
  check(asked: KnownQuestion): Promise<boolean>;
  /** The same questions for the load generator. */
  target(questions: readonly KnownQuestion[], consistency?: PeerConsistency): LoadTarget;
  /**
   * Until those who ask for no freshness see what was loaded too: before, they would measure something else. Asked once the answers are
   * known to be right. @throws PeerError when it takes too long
   */
  settle?(): Promise<void>;
  /** Takes away what was written. */
  remove(): Promise<void>;
}

/** What is wrong with a peer, for whoever named it: what, where, and what to do. */
export class PeerError extends Error {
  override readonly name = "PeerError";
}
