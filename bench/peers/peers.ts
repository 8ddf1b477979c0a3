import { openOpenFga } from "./openfga.ts";
import type { Peer, PeerAddress, PeerName } from "./peer.ts";
import { openSpiceDb } from "./spicedb.ts";

/** @throws PeerError when nothing of that kind answers there, or not with this token */
type OpenPeer = (address: PeerAddress) => Promise<Peer>;

/** Left out: not compiled in yet. */
export const PEERS: Readonly<Partial<Record<PeerName, OpenPeer>>> = {
  spicedb: openSpiceDb,
  openfga: openOpenFga,
};
