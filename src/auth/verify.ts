import { compactVerify } from "jose";
import type { TrustedIssuer } from "../model/trust.ts";
import type { VerificationKey } from "./jwk.ts";
import type { IssuerKeys } from "./keys.ts";
import { checkHeader } from "./profile.ts";
import { refuse, shown } from "./refusal.ts";
import { LEGACY_ISSUER } from "./service-account.ts";
import { looksLikeSpiffeId, parseSpiffeId, trustDomainIssuer } from "./spiffe-id.ts";
import type { UnverifiedToken } from "./token.ts";

/** A trusted issuer with its keys. */
export interface KnownIssuer {
  readonly trust: TrustedIssuer;
  readonly keys: IssuerKeys;
}

/**
 * Picks whose rules and keys a token is held to, by what it says of itself unproved; that decides nothing else. Always one
 * issuer, and always the same (RFC 8725 §3.12): whose `iss` is that of a trusted issuer is judged by it. Any other is judged
 * by the trust domain of its `sub`, where that is a SPIFFE ID: a JWT-SVID needs no `iss`, and may have any (§3).
 */
export function pickIssuer<Known extends KnownIssuer>(
  token: UnverifiedToken,
  issuers: ReadonlyMap<string, Known>,
): Known {
  const issuer = token.claims.get("iss");
  if (issuer !== undefined && typeof issuer !== "string") refuse("issuer_missing");
  const named = issuer === undefined ? undefined : issuers.get(issuer);
  if (named !== undefined && named.trust.profile !== "spiffe") return named;
  const subject = token.claims.get("sub");
  if (typeof subject === "string" && looksLikeSpiffeId(subject)) return pickTrustDomain(subject, issuers);
  if (issuer === LEGACY_ISSUER) refuse("token_kind_not_allowed", "legacy service account");
  return issuer === undefined ? refuse("issuer_missing") : refuse("issuer_unknown", shown(issuer));
}

/** A trust domain's bundle is its own: a key proves nobody of another domain (SPIFFE Trust Domain and Bundle §4). */
function pickTrustDomain<Known>(subject: string, issuers: ReadonlyMap<string, Known>): Known {
  const id = parseSpiffeId(subject) ?? refuse("spiffe_id_invalid");
  const domain = issuers.get(trustDomainIssuer(id.trustDomain));
  return domain ?? refuse("trust_domain_unknown", shown(id.trustDomain));
}

/** Proves that the issuer signed these bytes; returns the key that says so. Claims are judged afterwards. */
export async function verifySignature(token: UnverifiedToken, issuer: KnownIssuer): Promise<VerificationKey> {
  const { trust, keys } = issuer;
  const { algorithm } = token;
  if (!trust.algorithms.includes(algorithm)) refuse("alg_not_allowed", `${algorithm} for ${trust.issuer}`);
  checkHeader(trust.profile, token);
  const key = await keys.find(token.kid, algorithm);
  const cryptoKey = key.algorithms.get(algorithm) ?? refuse("key_unusable", algorithm);
  try {
    await compactVerify(token.text, cryptoKey, { algorithms: [algorithm] });
  } catch {
    // Whatever jose or the crypto library says of it, the signature was not found good; their errors may quote the token.
    refuse("bad_signature", `kid ${shown(token.kid)} of ${trust.issuer}`);
  }
  return key;
}
