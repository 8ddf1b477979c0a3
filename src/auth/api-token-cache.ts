import { LRUCache } from "lru-cache";
import type { ApiTokenLookup, ApiTokenStats, FoundApiToken } from "../model/api-token.ts";
import { unconfirmed } from "./trust-feed.ts";

/**
 * API tokens by key id, so that a call does not cost a query. What is remembered is forgotten when the feed says that it has
 * changed; a reading that was under way then is used by nobody, however late it comes.
 */
export interface ApiTokenCache<Known> {
  /** What is remembered of a token that exists. */
  get(keyId: string): Known | undefined;
  /** Reads it, unless that is no more than a second ago. Undefined: there is none. */
  read(keyId: string): Promise<Known | undefined>;
  /** @param keyId undefined: any of them */
  changed(keyId: string | undefined): void;
  /** @param tenantId undefined: any of them */
  tenantChanged(tenantId: string | undefined): void;
  stats(): Omit<ApiTokenStats, "hits">;
}

export interface ApiTokenCacheOptions<Known> {
  readonly maxEntries: number;
  /** Milliseconds that only pass. */
  readonly monotonic: () => number;
  /** What is kept with a token. */
  readonly prepare: (found: FoundApiToken) => Known;
}

/**
 * A refusal costs at most one read a second and key id, whether the id is unknown or the secret wrong: neither the time it takes
 * nor the load tells the two apart.
 */
const REFUSED_FRESH_MS = 1_000;
/** Unknown ids that are remembered. */
const MAX_UNKNOWN = 10_000;
/** Readings that a change overtook, one after the other, before it is given up. */
const MAX_READINGS = 4;

interface Entry<Known> {
  readonly value: Known;
  readonly tenantId: string;
  readAtMs: number;
}

interface Reading<Known> {
  readonly value: Promise<Known | undefined>;
  overtaken: boolean;
}

export function createApiTokenCache<Known extends object>(
  lookup: Pick<ApiTokenLookup, "find">,
  { maxEntries, monotonic, prepare }: ApiTokenCacheOptions<Known>,
): ApiTokenCache<Known> {
  const known = new LRUCache<string, Entry<Known>>({ max: maxEntries });
  /** When it was found that there is none. */
  const unknown = new LRUCache<string, number>({ max: MAX_UNKNOWN });
  const readings = new Map<string, Reading<Known>>();

  const counts = { misses: 0, coalesced: 0, spared: 0 };

  const begin = (keyId: string): Reading<Known> => {
    counts.misses += 1;
    const beganAtMs = monotonic();
    const reading: Reading<Known> = { overtaken: false, value: lookup.find(keyId).then(keep, fail) };
    function keep(found: FoundApiToken | undefined): Known | undefined {
      leave();
      const value = found && prepare(found);
      if (reading.overtaken) return value;
      if (found === undefined || value === undefined) unknown.set(keyId, beganAtMs);
      else known.set(keyId, { value, tenantId: found.token.tenantId, readAtMs: beganAtMs });
      return value;
    }
    function fail(error: unknown): never {
      leave();
      throw error;
    }
    function leave(): void {
      if (readings.get(keyId) === reading) readings.delete(keyId);
    }
    readings.set(keyId, reading);
    return reading;
  };

  const isRecent = (atMs: number | undefined) => atMs !== undefined && monotonic() - atMs < REFUSED_FRESH_MS;
  const overtake = (keyId: string) => {
    const reading = readings.get(keyId);
    if (reading === undefined) return;
    reading.overtaken = true;
    // Who asks from now on begins another one.
    readings.delete(keyId);
  };

  const forget = (isMeant: (entry: Entry<Known>) => boolean) => {
    for (const [keyId, entry] of known.entries()) if (isMeant(entry)) known.delete(keyId);
    // Of a reading under way nobody knows yet whose token it will find.
    unknown.clear();
    for (const keyId of [...readings.keys()]) overtake(keyId);
  };

  return {
    get: (keyId) => known.get(keyId)?.value,
    async read(keyId) {
      const entry = known.get(keyId);
      if (isRecent(entry === undefined ? unknown.get(keyId) : entry.readAtMs)) {
        counts.spared += 1;
        return entry?.value;
      }
      for (let readingsLeft = MAX_READINGS; readingsLeft > 0; readingsLeft -= 1) {
        const underWay = readings.get(keyId);
        if (underWay !== undefined) counts.coalesced += 1;
        const reading = underWay ?? begin(keyId);
        const value = await reading.value;
        if (!reading.overtaken) return value;
      }
      throw unconfirmed(`API token ${keyId} changes faster than it can be read`);
    },
    changed(keyId) {
      if (keyId === undefined) return forget(() => true);
      known.delete(keyId);
      unknown.delete(keyId);
      overtake(keyId);
    },
    stats: () => ({ remembered: known.size, ...counts }),
    tenantChanged: (tenantId) => forget((entry) => tenantId === undefined || entry.tenantId === tenantId),
  };
}
