/** A SPIFFE ID, by the SPIFFE-ID standard §2. */
export interface SpiffeId {
  readonly trustDomain: string;
  /** With its leading slash; empty for the trust domain itself. */
  readonly path: string;
}

const MAX_ID_BYTES = 2048;
const MAX_TRUST_DOMAIN_BYTES = 255;
const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
/** No segment is empty, and none is `.` or `..`: what they would mean is nothing that two readers agree on. */
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[a-zA-Z0-9._-]+)*$/;
const SCHEME = "spiffe://";

/** Whether a text claims to be one, rightly or not. */
export function looksLikeSpiffeId(text: string): boolean {
  return text.slice(0, SCHEME.length).toLowerCase() === SCHEME;
}

/** Undefined for what is none: in particular no port, user, query, fragment, percent-encoding or slash at the end. */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  // All of a valid one is ASCII, so characters are bytes.
  if (text.length > MAX_ID_BYTES || !text.startsWith(SCHEME)) return undefined;
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf("/");
  const trustDomain = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? "" : rest.slice(slash);
  return isTrustDomain(trustDomain) && PATH.test(path) ? { trustDomain, path } : undefined;
}

/** The name of a trust domain, without scheme. */
export function isTrustDomain(name: string): boolean {
  return name.length <= MAX_TRUST_DOMAIN_BYTES && TRUST_DOMAIN.test(name);
}

/** What stands for a trust domain where issuers are named: its SPIFFE ID. */
export function trustDomainIssuer(trustDomain: string): string {
  return `${SCHEME}${trustDomain}`;
}
