import { compactVerify } from "jose";
import type { TrustedIssuer } from "../model/trust.ts";
import type { VerificationKey } from "./jwk.ts";
import type { IssuerKeys } from "./keys.ts";
import { checkType } from "./profile.ts";
import { refuse, shown } from "./refusal.ts";
import type { UnverifiedToken } from "./token.ts";

/** A trusted issuer with its keys. */
export interface KnownIssuer {
  readonly trust: TrustedIssuer;
  readonly keys: IssuerKeys;
}

/** The unverified `iss` picks whose rules and keys the token is held to, and nothing else. */
export function pickIssuer(token: UnverifiedToken, issuers: ReadonlyMap<string, KnownIssuer>): KnownIssuer {
  const issuer = token.claims.get("iss");
  if (typeof issuer !== "string") refuse("issuer_missing");
  return issuers.get(issuer) ?? refuse("issuer_unknown", shown(issuer));
}

/** Proves that the issuer signed these bytes; returns the key that says so. Claims are judged afterwards. */
export async function verifySignature(token: UnverifiedToken, issuer: KnownIssuer): Promise<VerificationKey> {
  const { trust, keys } = issuer;
  const { algorithm } = token;
  if (!trust.algorithms.includes(algorithm)) refuse("alg_not_allowed", `${algorithm} for ${trust.issuer}`);
  checkType(trust.profile, token.typ);
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
