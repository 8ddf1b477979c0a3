import { type ApiTokens, createApiTokens } from "../auth/api-tokens.ts";
import { createTrustFeed, type TrustFeed } from "../auth/trust-feed.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../log.ts";
import { trustMetrics } from "../metrics/trust-metrics.ts";
import type { MetricSource } from "../metrics.ts";
import type { TrustStore } from "../model/trust-store.ts";

export interface TrustParts {
  readonly store: TrustStore;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that only pass. */
  readonly monotonic: () => number;
}

/** What this process knows of credentials, and follows. */
export interface OpenTrust {
  readonly trust: TrustFeed;
  readonly apiTokens: ApiTokens;
  readonly collect: MetricSource;
  close(): Promise<void>;
}

/** Resolves once everything has been read: before that nobody could be let in. */
export async function openTrust(config: Config, { store, ...parts }: TrustParts): Promise<OpenTrust> {
  const { pollIntervalMs, trustMaxAgeMs: maxAgeMs } = config;
  const trust = createTrustFeed(store.log, { ...parts, pollIntervalMs, maxAgeMs });
  const apiTokens = createApiTokens(store.apiTokenLookup, { ...parts, trust });
  const close = () => {
    trust.close();
    return apiTokens.close();
  };
  await trust.start().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { trust, apiTokens, collect: trustMetrics({ ...config, trust, apiTokens }), close };
}
