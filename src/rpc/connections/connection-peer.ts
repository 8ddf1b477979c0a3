import type { Peer } from "../../model/peer.ts";

/** A client's certificate that the TLS layer has verified. */
export interface ClientCertificate {
  /** base64url of SHA-256 over its DER. */
  readonly sha256: string;
  /** Milliseconds since the epoch. */
  readonly notAfterMs: number;
}

/** Who is at the other end of one connection; one object for all its calls. */
export class ConnectionPeer implements Peer {
  readonly address: string;
  /** Set when the handshake has ended, before the first call. */
  certificate: ClientCertificate | undefined = undefined;

  constructor(address: string) {
    this.address = address;
  }

  /** A certificate that ran out while its connection stayed open proves nothing any longer. */
  get certificateSha256(): string | undefined {
    const { certificate } = this;
    return certificate !== undefined && Date.now() < certificate.notAfterMs ? certificate.sha256 : undefined;
  }
}
