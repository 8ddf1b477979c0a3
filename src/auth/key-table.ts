import type { SigningAlgorithm, TrustedIssuer } from "../model/trust.ts";
import { readJwk, type UnusableKey, type VerificationKey } from "./jwk.ts";
import { rulesOf } from "./profile.ts";

/** What an issuer published at one time, ready to be looked up. */
export interface KeyTable {
  readonly keys: readonly VerificationKey[];
  readonly unusable: readonly UnusableKey[];
  readonly fingerprints: ReadonlySet<string>;
}

export type KeyChoice =
  | { readonly kind: "key"; readonly key: VerificationKey }
  | { readonly kind: "unusable"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

/** Keys of one set; more is not a key set but an attack or an accident. */
export const MAX_KEYS = 100;

export async function buildKeyTable(
  set: readonly unknown[],
  { algorithms, profile }: Pick<TrustedIssuer, "algorithms" | "profile">,
): Promise<KeyTable> {
  const { keyUse } = rulesOf(profile);
  const keys: VerificationKey[] = [];
  const unusable: UnusableKey[] = [];
  for (const value of set) {
    const read = await readJwk(value, algorithms, keyUse);
    if (read.kind === "usable") keys.push(read.key);
    else unusable.push({ kid: read.kid, why: read.why });
  }
  return { keys, unusable, fingerprints: new Set(keys.map((key) => key.fingerprint)) };
}

/**
 * The one key that may verify: of this kid and fit for the algorithm. A token without kid is judged only where a single
 * key fits (RFC 7515 §4.1.4 leaves kid optional), and a kid that stands for two fitting keys stands for none.
 */
export function chooseKey(table: KeyTable, kid: string | undefined, algorithm: SigningAlgorithm): KeyChoice {
  const named = kid === undefined ? table.keys : table.keys.filter((key) => key.kid === kid);
  const fitting = named.filter((key) => key.algorithms.has(algorithm));
  const [key] = fitting;
  if (key !== undefined && fitting.every((other) => other.fingerprint === key.fingerprint)) return { kind: "key", key };
  if (fitting.length > 1) {
    return {
      kind: kid === undefined ? "unknown" : "unusable",
      why: `${fitting.length} keys fit, and kid does not decide`,
    };
  }
  if (kid === undefined) return { kind: "unknown", why: `no kid, and no key fits ${algorithm}` };
  if (named.length > 0) return { kind: "unusable", why: `the key is not for ${algorithm}` };
  const spoiled = table.unusable.find((other) => other.kid === kid);
  return spoiled === undefined
    ? { kind: "unknown", why: "no key of that kid" }
    : { kind: "unusable", why: spoiled.why };
}
