import type { ApiTokenLookup, ApiTokenUse } from "../model/api-token.ts";

/** When and from where tokens were last used: gathered, and written now and then, so that a call costs no write. */
export interface ApiTokenUses {
  note(keyId: string, tenantId: string, address: string): void;
  /** Never rejects: what could not be written is kept for the next time. */
  flush(): Promise<void>;
  /** Writes what is left. */
  close(): Promise<void>;
}

export interface ApiTokenUsesOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: { warn(fields: object, message: string): void };
  readonly flushIntervalMs?: number;
}

const FLUSH_INTERVAL_MS = 30_000;
/** Tokens of which a use is kept; when more are in use, the newest of them wait for the next flush. */
const MAX_NOTED = 20_000;
/** Of one statement. */
const MAX_WRITTEN = 1_000;

interface Use {
  readonly tenantId: string;
  atMs: number;
  address: string;
}

export function createApiTokenUses(lookup: ApiTokenLookup, options: ApiTokenUsesOptions): ApiTokenUses {
  const { now, log, flushIntervalMs = FLUSH_INTERVAL_MS } = options;
  let noted = new Map<string, Use>();

  const note = (keyId: string, { tenantId, atMs, address }: Use) => {
    const known = noted.get(keyId);
    if (known === undefined) {
      if (noted.size < MAX_NOTED) noted.set(keyId, { tenantId, atMs, address });
    } else if (atMs >= known.atMs) {
      known.atMs = atMs;
      known.address = address;
    }
  };

  const flush = async () => {
    const uses: ApiTokenUse[] = [...noted].map(([keyId, use]) => ({ keyId, ...use }));
    noted = new Map();
    for (let from = 0; from < uses.length; from += MAX_WRITTEN) {
      try {
        await lookup.recordUses(uses.slice(from, from + MAX_WRITTEN));
      } catch (error) {
        for (const { keyId, ...use } of uses.slice(from)) note(keyId, use);
        log.warn(
          { error: String(error) },
          "when API tokens were last used could not be written; it is kept for the next time",
        );
        return;
      }
    }
  };

  const timer = setInterval(() => void flush(), flushIntervalMs);
  timer.unref();
  return {
    note: (keyId, tenantId, address) => note(keyId, { tenantId, atMs: now(), address }),
    flush,
    close() {
      clearInterval(timer);
      return flush();
    },
  };
}
