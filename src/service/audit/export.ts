import { RelataError } from "../../errors.ts";
import type { SealedEvent } from "../../model/audit.ts";
import { readChain, startOf } from "./chain-reader.ts";
import { type AuditDeps, chainOf, type EitherCall } from "./deps.ts";

export interface ExportAuditRequest {
  /** 0: from the oldest that is kept. */
  readonly fromSeq: number;
  /** 0: to the newest there is when the export begins. */
  readonly toSeq: number;
}

/** An event with the hash it is sealed to. */
export type ExportedEvent = SealedEvent & { readonly previousHash: Uint8Array };

export type ExportAudit = (
  call: EitherCall,
  request: ExportAuditRequest,
) => AsyncGenerator<readonly ExportedEvent[], void, undefined>;

/** Bytes of events in a batch, about; an event may be larger by itself. */
const BATCH_BYTES = 512 * 1024;

/** As it is stored, whether it is sound or not: proving is something else. */
export function createExportAudit({ audit }: Pick<AuditDeps, "audit">): ExportAudit {
  return async function* exportAudit(call, { fromSeq, toSeq }) {
    if (toSeq !== 0 && toSeq < fromSeq)
      throw new RelataError("INVALID_REQUEST", "to_seq is below from_seq", { metadata: { field: "to_seq" } });
    const chain = chainOf(call);
    const last = (await audit.head(chain))?.seq ?? 0;
    const start = await startOf(audit, chain, fromSeq);
    const until = toSeq === 0 ? last : Math.min(toSeq, last);
    let previousHash = start.position.hash;
    for await (const events of readChain(audit, chain, start, call.signal)) {
      const batch: ExportedEvent[] = [];
      let bytes = 0;
      for (const event of events) {
        if (event.seq > until) break;
        batch.push({ ...event, previousHash });
        previousHash = event.hash;
        bytes += event.body.length + (event.personal?.length ?? 0);
        if (bytes >= BATCH_BYTES) {
          yield batch.splice(0);
          bytes = 0;
        }
      }
      if (batch.length > 0) yield batch;
      if (events.length === 0 || (events.at(-1)?.seq ?? 0) >= until) return;
    }
  };
}
