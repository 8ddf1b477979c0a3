import { openOpenFga } from "./openfga.ts";
import type { Peer, PeerAddress, PeerName } from "./peer.ts";
import { openSpiceDb } from "./spicedb.ts";

/** @throws PeerError when nothing of that kind answers there, or not with this token */
type OpenPeer = (address: PeerAddress) => Promise<Peer>;

export const PEERS: Readonly<Record<PeerName, OpenPeer>> = {
  spicedb: openSpiceDb,
  openfga: openOpenFga,
};
