import type { Peer, PeerAddress } from "./peer.ts";
import { PEERS } from "./peers.ts";

/** Peers that answer, until they are disposed of. */
export interface OpenPeers extends AsyncDisposable {
  readonly peers: readonly Peer[];
}

/** Before anything is measured: ten minutes later is too late to hear that a token was wrong. @throws PeerError */
export async function openPeers(addresses: readonly PeerAddress[] = []): Promise<OpenPeers> {
  const stack = new AsyncDisposableStack();
  try {
    const peers: Peer[] = [];
    for (const address of addresses) peers.push(stack.use(await PEERS[address.name](address)));
    return { peers, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
