/** Who is at the other end of a connection, as far as the connection itself proves it. */
export interface Peer {
  /** IP address without port; behind a trusted proxy the one it reports. Empty when unknown (a Unix socket). */
  readonly address: string;
  /**
   * Of the client certificate that the TLS layer verified: base64url of SHA-256 over its DER, as `x5t#S256` (RFC 8705 §3.1).
   * Absent: none was shown, or there is no TLS.
   */
  readonly certificateSha256?: string | undefined;
}

/** A connection that proves nothing of who is behind it. */
export const UNKNOWN_PEER: Peer = { address: "" };
