import type { Peer } from "../model/peer.ts";

/** Looked up when a field of it is read, which few calls need; and kept, for of a connection that has gone nothing is known. */
export class LatePeer<Call> implements Peer {
  readonly #call: Call;
  readonly #peerOf: (call: Call) => Peer;
  #found: Peer | undefined = undefined;

  constructor(call: Call, peerOf: (call: Call) => Peer) {
    this.#call = call;
    this.#peerOf = peerOf;
  }

  get address(): string {
    return this.#peer.address;
  }

  get certificateSha256(): string | undefined {
    return this.#peer.certificateSha256;
  }

  get #peer(): Peer {
    this.#found ??= this.#peerOf(this.#call);
    return this.#found;
  }
}
