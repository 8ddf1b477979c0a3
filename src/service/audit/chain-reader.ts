import { genesisHash } from "../../audit/chain.ts";
import { RelataError } from "../../errors.ts";
import type { AuditStore, ChainPosition, SealedEvent } from "../../model/audit.ts";

/** Events read at once, about a megabyte. */
const PAGE = 1_000;

/** Where reading begins: what the first event is sealed to, and the place to go on behind. */
export interface ChainStart {
  readonly position: Pick<ChainPosition, "seq" | "hash">;
  /** Undefined: from the first event there is, wherever it claims to belong. */
  readonly after: { readonly recordedAtMs: number; readonly seq: number } | undefined;
  /** Events up to this one have been pruned; 0: none. */
  readonly prunedThrough: number;
  /** Reading begins behind what was pruned, and the chain says so. */
  readonly isPruned: boolean;
}

/**
 * @param fromSeq 0: from the oldest event that is kept
 * @throws INVALID_REQUEST for an event that is not there
 */
export async function startOf(audit: AuditStore, chain: string, fromSeq: number): Promise<ChainStart> {
  const checkpoint = await audit.checkpoint(chain);
  const prunedThrough = checkpoint?.seq ?? 0;
  if (fromSeq <= prunedThrough + 1)
    return {
      position: checkpoint ?? { seq: 0, hash: genesisHash(chain) },
      after: undefined,
      prunedThrough,
      isPruned: checkpoint?.isNoted === true,
    };
  const before = await audit.position(chain, fromSeq - 1);
  if (before !== undefined) return { position: before, after: before, prunedThrough, isPruned: false };
  throw new RelataError("INVALID_REQUEST", `from_seq is ${fromSeq}, and there is no event ${fromSeq - 1} before it`, {
    metadata: { field: "from_seq" },
  });
}

/** In the order they are stored, until there are no more. Those put in meanwhile are among them. */
export async function* readChain(
  audit: AuditStore,
  chain: string,
  start: ChainStart,
  signal: AbortSignal,
): AsyncGenerator<readonly SealedEvent[]> {
  let { after } = start;
  for (;;) {
    const query = { filter: { events: [] }, oldestFirst: true, limit: PAGE, ...(after !== undefined && { after }) };
    const { events } = await audit.page(chain, query, signal);
    yield events;
    after = events.at(-1) ?? after;
  }
}
