import { type AuditDraft, type AuditStore, PLATFORM_CHAIN, type Refusal, type RefusalLog } from "../model/audit.ts";
import type { JsonObject } from "../model/tuple.ts";

export interface RefusalLogOptions {
  readonly audit: Pick<AuditStore, "append">;
  /** Told once per failing flush. */
  readonly onFailure: (error: unknown) => void;
  readonly limits?: Partial<RefusalLimits>;
}

/** Per process. */
export interface RefusalLimits {
  /** How often what has gathered is written. */
  readonly flushMs: number;
  /** Events of their own between two flushes, for one reason and address; the rest is counted. */
  readonly perSource: number;
  /** The same for all of them: 50 a second are 4.3 million a day, 3 GB at 700 bytes each, however hard somebody tries. */
  readonly perFlush: number;
  /** Events that wait for a database that is away. */
  readonly maxWaiting: number;
}

const DEFAULTS: RefusalLimits = { flushMs: 1_000, perSource: 5, perFlush: 50, maxWaiting: 1_000 };

/** Addresses that one count tells apart: what is beyond says "at least". */
const MAX_ADDRESSES = 1_000;

/** Flushes that closing waits for. */
const LAST_TRIES = 3;

export interface RefusalStats {
  /** Put on record as events of their own. */
  readonly recorded: number;
  /** Put on record as part of a count. */
  readonly counted: number;
  /** Neither: the process ended while the database was away. */
  readonly lost: number;
  readonly waiting: number;
}

export interface OwnedRefusalLog extends RefusalLog {
  /** Writes what has gathered; resolves whether it could or not. */
  flush(): Promise<void>;
  stats(): RefusalStats;
  close(): Promise<void>;
}

interface Tally {
  refusals: number;
  readonly addresses: Set<string>;
  readonly first: Refusal;
}

interface Gathered {
  readonly drafts: AuditDraft[];
  readonly perSource: Map<string, number>;
  /** By event and reason. */
  readonly tallies: Map<string, Tally>;
}

/**
 * Refused callers, on their way to the platform's chain: gathered, written together once a second, and counted where there are
 * many, so that whoever knocks a thousand times a second fills neither memory nor disk. While the database is away they wait,
 * and what does not fit waits as a count.
 */
export function createRefusalLog({ audit, onFailure, limits: given }: RefusalLogOptions): OwnedRefusalLog {
  const limits = { ...DEFAULTS, ...given };
  let gathered = nothingGathered();
  let waiting: AuditDraft[] = [];
  let flushing: Promise<void> | undefined;
  const stats = { recorded: 0, counted: 0, lost: 0 };

  async function write(): Promise<void> {
    const batch = [...waiting, ...gathered.drafts];
    const { tallies } = gathered;
    const all = [...batch, ...[...tallies.values()].map(countedRefusals)];
    if (all.length === 0) return;
    gathered = nothingGathered();
    waiting = [];
    try {
      await audit.append(PLATFORM_CHAIN, all);
      stats.recorded += batch.length;
      for (const { refusals } of tallies.values()) stats.counted += refusals;
    } catch (error) {
      waiting = batch;
      for (const [key, tally] of tallies) gathered.tallies.set(key, merged(gathered.tallies.get(key), tally));
      onFailure(error);
    }
  }

  const flush = () => {
    flushing ??= write().finally(() => {
      flushing = undefined;
    });
    return flushing;
  };
  const timer = setInterval(() => void flush(), limits.flushMs);
  timer.unref();

  return {
    flush,
    record(refusal) {
      const source = `${refusal.event} ${refusal.reason} ${refusal.address}`;
      const before = gathered.perSource.get(source) ?? 0;
      const { length } = gathered.drafts;
      if (before < limits.perSource && length < limits.perFlush && length + waiting.length < limits.maxWaiting) {
        gathered.perSource.set(source, before + 1);
        gathered.drafts.push(oneRefusal(refusal));
      } else count(gathered.tallies, refusal);
    },
    stats: () => ({ ...stats, waiting: waiting.length + gathered.drafts.length }),
    async close() {
      clearInterval(timer);
      await flushing;
      for (let tries = 0; tries < LAST_TRIES && !isEmpty(); tries += 1) await flush();
      stats.lost += waiting.length + gathered.drafts.length;
      for (const { refusals } of gathered.tallies.values()) stats.lost += refusals;
    },
  };

  function isEmpty(): boolean {
    return waiting.length + gathered.drafts.length + gathered.tallies.size === 0;
  }
}

function nothingGathered(): Gathered {
  return { drafts: [], perSource: new Map(), tallies: new Map() };
}

function count(tallies: Map<string, Tally>, refusal: Refusal): void {
  const key = `${refusal.event} ${refusal.reason}`;
  let tally = tallies.get(key);
  if (tally === undefined) {
    tally = { refusals: 0, addresses: new Set(), first: refusal };
    tallies.set(key, tally);
  }
  tally.refusals += 1;
  if (tally.addresses.size < MAX_ADDRESSES) tally.addresses.add(refusal.address);
}

function merged(newer: Tally | undefined, older: Tally): Tally {
  if (newer === undefined) return older;
  older.refusals += newer.refusals;
  for (const address of newer.addresses) if (older.addresses.size < MAX_ADDRESSES) older.addresses.add(address);
  return older;
}

function oneRefusal(refusal: Refusal): AuditDraft {
  const { event, reason, method, requestId, address, actor = "", credential, tenant } = refusal;
  return {
    event,
    origin: { actor, requestId, address, ...(credential !== undefined && { credential }) },
    details: { reason, method },
    ...(tenant !== undefined && { personal: { tenant } }),
  };
}

/** Many of a kind. Where there was one address, it is named; else how many there were. */
function countedRefusals({ first, refusals, addresses }: Tally): AuditDraft {
  const { event, reason, requestId } = first;
  const [only = ""] = addresses;
  const details: JsonObject = { reason, refusals, addresses: addresses.size };
  return { event, origin: { actor: "", requestId, ...(addresses.size === 1 && { address: only }) }, details };
}
