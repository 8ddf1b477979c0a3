import { timingSafeEqual } from "node:crypto";
import type { Peer } from "../model/peer.ts";
import { refuse } from "./refusal.ts";
import type { JsonMembers } from "./strict-json.ts";

/** base64url of 32 bytes: the last character carries four bits only. */
const THUMBPRINT = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/**
 * The certificate a token is bound to (RFC 8705 §3.1); undefined for one that anybody who has it may use. RFC 7800 §3.1: whoever
 * does not understand a confirmation must not take the token, and several are more than is understood.
 */
export function boundCertificate(claims: JsonMembers): string | undefined {
  if (!claims.has("cnf")) return undefined;
  const cnf = claims.get("cnf");
  const members = typeof cnf === "object" && cnf !== null && !Array.isArray(cnf) ? Object.entries(cnf) : [];
  const [first] = members;
  if (members.length !== 1 || first?.[0] !== "x5t#S256") refuse("cnf_unsupported");
  const [, thumbprint] = first;
  if (typeof thumbprint !== "string" || !THUMBPRINT.test(thumbprint)) refuse("cnf_unsupported", "x5t#S256");
  return thumbprint;
}

/** Whether the connection is that of the certificate's owner: TLS has proved that the peer holds its key. */
export function requireCertificate(thumbprint: string, peer: Peer): void {
  const { certificateSha256 } = peer;
  if (certificateSha256 === undefined) refuse("certificate_missing");
  const shown = Buffer.from(certificateSha256);
  const bound = Buffer.from(thumbprint);
  if (shown.length !== bound.length || !timingSafeEqual(shown, bound)) refuse("certificate_mismatch");
}
