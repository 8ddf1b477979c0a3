import { genesisHash } from "../../audit/chain.ts";
import { type SignedHead, signHead } from "../../audit/signed-head.ts";
import { type AuditDeps, chainOf, type EitherCall } from "./deps.ts";

export interface AuditHeadAnswer {
  readonly head: SignedHead;
  /** Raw Ed25519, 32 bytes; empty where no key is configured and nothing is signed. */
  readonly publicKey: Uint8Array;
}

export type AuditHead = (call: EitherCall) => Promise<AuditHeadAnswer>;

const NOTHING = new Uint8Array();

export function createAuditHead({ audit, headKeys, now }: Omit<AuditDeps, "sealer">): AuditHead {
  return async (call) => {
    const chain = chainOf(call);
    const { seq, hash } = (await audit.head(chain)) ?? { seq: 0, hash: genesisHash(chain) };
    const unsigned = { chain, seq, hash, signedAtMs: now() };
    const [key] = headKeys;
    if (key === undefined) return { head: { ...unsigned, signature: NOTHING, keyId: "" }, publicKey: NOTHING };
    return { head: signHead(key, unsigned), publicKey: key.publicKey };
  };
}
