import { genesisHash } from "../../audit/chain.ts";
import type { SignedHead } from "../../audit/signed-head.ts";
import { ChainVerifier, type VerifyReport } from "../../audit/verify.ts";
import type { SealedEvent } from "../../model/audit.ts";
import { requireAtMost } from "../limits.ts";
import { readChain, startOf } from "./chain-reader.ts";
import { type AuditDeps, chainOf, type EitherCall } from "./deps.ts";

export interface VerifyAuditRequest {
  /** 0: from the oldest that is kept. */
  readonly fromSeq: number;
  /** 0: to the newest. */
  readonly toSeq: number;
  readonly heads: readonly SignedHead[];
}

export interface VerifyAuditAnswer extends VerifyReport {
  /** False: the call's time was over before the end. */
  readonly complete: boolean;
  readonly prunedThrough: number;
}

export type VerifyAudit = (call: EitherCall, request: VerifyAuditRequest) => Promise<VerifyAuditAnswer>;

const MAX_HEADS = 100;
/** Kept of a call's time for its last page and its answer. */
const SPARE_MS = 1_000;

export function createVerifyAudit({ audit, headKeys, now }: Omit<AuditDeps, "sealer">): VerifyAudit {
  const publicKeys = headKeys.map(({ publicKey }) => publicKey);
  return async (call, { fromSeq, toSeq, heads }) => {
    requireAtMost("heads", heads.length, MAX_HEADS);
    const chain = chainOf(call);
    const start = await startOf(audit, chain, fromSeq);
    const { prunedThrough, position, isPruned } = start;
    const verifier = new ChainVerifier({ chain, start: position, isStartPruned: isPruned, heads, publicKeys });
    const stop = async (last: SealedEvent, complete: boolean) => {
      const later = verifier.hasUntold ? await audit.erasures(chain, last) : [];
      return { ...verifier.reportPart(later), complete, prunedThrough };
    };
    let endSeen = -1;
    for await (const events of readChain(audit, chain, start, call.signal)) {
      for (const event of events) {
        verifier.take(event);
        if (verifier.lastSeq === toSeq) return stop(event, true);
      }
      const last = events.at(-1);
      if (last !== undefined) {
        if (now() < call.deadlineMs - SPARE_MS) continue;
        return stop(last, false);
      }
      // Events may have come since the last page: the end is where a head and nothing behind it are seen one after the other.
      const end = (await audit.head(chain)) ?? { seq: 0, hash: genesisHash(chain) };
      if (end.seq > verifier.lastSeq && endSeen !== end.seq) {
        endSeen = end.seq;
        continue;
      }
      return { ...verifier.reportToEnd(end), complete: true, prunedThrough };
    }
    throw new Error("a chain is read until its end");
  };
}
