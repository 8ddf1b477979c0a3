import { type CryptoKey, importJWK, type JWK } from "jose";
import type { SigningAlgorithm } from "../model/trust.ts";
import type { KeyUse } from "./profile.ts";
import { shown } from "./refusal.ts";

/** A public key that may verify, for the algorithms that fit it. */
export interface VerificationKey {
  readonly kid: string | undefined;
  /** All that makes it this key: after a refresh the same key has the same fingerprint. */
  readonly fingerprint: string;
  readonly algorithms: ReadonlyMap<SigningAlgorithm, CryptoKey>;
}

export interface UnusableKey {
  readonly kid: string | undefined;
  /** For the log. */
  readonly why: string;
}

export type ReadKey =
  | { readonly kind: "usable"; readonly key: VerificationKey }
  | ({ readonly kind: "unusable" } & UnusableKey);

/** The key an algorithm needs (RFC 7518 §3.1, RFC 8037 §3.1). */
const FITS = {
  RS256: { kty: "RSA" },
  RS384: { kty: "RSA" },
  RS512: { kty: "RSA" },
  PS256: { kty: "RSA" },
  PS384: { kty: "RSA" },
  PS512: { kty: "RSA" },
  ES256: { kty: "EC", crv: "P-256" },
  ES384: { kty: "EC", crv: "P-384" },
  ES512: { kty: "EC", crv: "P-521" },
  EdDSA: { kty: "OKP", crv: "Ed25519" },
} as const satisfies Record<SigningAlgorithm, { kty: string; crv?: string }>;

/** RFC 7518 §3.3 demands 2048; above 8192 one verification costs milliseconds. */
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/**
 * Reads one member of a key set.
 * @param pinned the issuer's algorithms; a key that fits none of them is unusable
 * @param keyUse see ProfileRules
 */
export async function readJwk(value: unknown, pinned: readonly SigningAlgorithm[], keyUse: KeyUse): Promise<ReadKey> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { kind: "unusable", kid: undefined, why: "not a JSON object" };
  }
  const jwk: Readonly<Record<string, unknown>> = { ...value };
  const kid = typeof jwk["kid"] === "string" ? jwk["kid"] : undefined;
  const fitting = pinned.filter((algorithm) => fits(jwk, algorithm));
  const why = whyNotForUse(jwk, keyUse) ?? whyUnusable(jwk, fitting);
  if (why !== undefined) return { kind: "unusable", kid, why };
  const { kty, n, e, crv, x, y } = jwk;
  // Only the key itself goes on: what the set says about its use has been judged here.
  const material = JSON.parse(JSON.stringify({ kty, n, e, crv, x, y })) as JWK;
  try {
    const algorithms = new Map<SigningAlgorithm, CryptoKey>();
    for (const algorithm of fitting) {
      const imported = await importJWK(material, algorithm);
      if (!(imported instanceof Uint8Array)) algorithms.set(algorithm, imported);
    }
    const fingerprint = JSON.stringify([kid, fitting, kty, n, e, crv, x, y]);
    return { kind: "usable", key: { kid, fingerprint, algorithms } };
  } catch {
    return { kind: "unusable", kid, why: "its numbers are not a valid public key" };
  }
}

function fits(jwk: Readonly<Record<string, unknown>>, algorithm: SigningAlgorithm): boolean {
  const needed: { readonly kty: string; readonly crv?: string } = FITS[algorithm];
  if (jwk["kty"] !== needed.kty || (needed.crv !== undefined && jwk["crv"] !== needed.crv)) return false;
  // RFC 9864 names EdDSA over Ed25519 "Ed25519".
  const named = jwk["alg"] === "Ed25519" ? "EdDSA" : jwk["alg"];
  return named === undefined || named === algorithm;
}

function whyNotForUse({ kid, use }: Readonly<Record<string, unknown>>, keyUse: KeyUse): string | undefined {
  if (kid !== undefined && typeof kid !== "string") return "kid is not a string";
  if (use !== keyUse && !(use === undefined && keyUse === "sig")) return `use is ${shown(use)}, not "${keyUse}"`;
  return keyUse === "jwt-svid" && (kid === undefined || kid === "") ? "no kid" : undefined;
}

function whyUnusable(jwk: Readonly<Record<string, unknown>>, fitting: readonly SigningAlgorithm[]): string | undefined {
  const { key_ops: operations, kty, crv, alg } = jwk;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    return "key_ops lacks verify";
  }
  if (kty === "oct") return "a shared secret, not a public key";
  if (jwk["d"] !== undefined) return "a private key was published: it proves nobody";
  if (fitting.length === 0) {
    return `kty ${shown(kty)}, crv ${shown(crv)}, alg ${shown(alg)} fits none of the issuer's algorithms`;
  }
  return kty === "RSA" ? whyWeakRsa(jwk["n"], jwk["e"]) : undefined;
}

function whyWeakRsa(n: unknown, e: unknown): string | undefined {
  const modulus = bigInteger(n);
  const exponent = bigInteger(e);
  if (modulus === undefined || exponent === undefined) return "n or e is not base64url";
  const bits = modulus.toString(2).length;
  if (bits < MIN_RSA_BITS) return `RSA of ${bits} bits, at least ${MIN_RSA_BITS}`;
  if (bits > MAX_RSA_BITS) return `RSA of ${bits} bits, at most ${MAX_RSA_BITS}`;
  // With e = 1 anybody can sign.
  return exponent < 3n || exponent % 2n === 0n ? "RSA exponent is not an odd number from 3 on" : undefined;
}

function bigInteger(text: unknown): bigint | undefined {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]{1,4096}$/.test(text)) return undefined;
  return BigInt(`0x${Buffer.from(text, "base64url").toString("hex") || "0"}`);
}
