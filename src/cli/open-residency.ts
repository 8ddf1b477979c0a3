import type { Config } from "../config.ts";
import { createResidency, type OwnedResidency } from "../graph/residency.ts";
import type { ResidencyOptions } from "../graph/residency-options.ts";
import type { Logger } from "../log.ts";
import type { Store } from "../model/store.ts";

export interface ResidencyParts {
  readonly store: Store;
  readonly log: Logger;
  /** Milliseconds that only pass. */
  readonly monotonic: () => number;
  /** Over those of the configuration. */
  readonly options?: Partial<ResidencyOptions> | undefined;
}

/** What this process keeps of tenants in memory, as configured; it begins to bring in `warmTenants` at once. */
export function openResidency(config: Config, { store, log, monotonic, options }: ResidencyParts): OwnedResidency {
  const { residentBytes, cacheBytes, pollIntervalMs, residentWindowMs } = config;
  const residency = createResidency({
    store,
    log,
    monotonic,
    options: { budgetBytes: residentBytes, cacheBytes, pollIntervalMs, windowMs: residentWindowMs, ...options },
  });
  if (residentBytes === 0 && config.warmTenants.length > 0)
    log.warn({ warmTenants: config.warmTenants }, "warmTenants is of no use while residentBytes is 0");
  void warm(residency, config.warmTenants, { store, log });
  return residency;
}

/** Nobody waits for this: until a tenant is in memory, its requests are answered from the store. */
async function warm(
  residency: OwnedResidency,
  slugs: readonly string[],
  { store, log }: Pick<ResidencyParts, "store" | "log">,
): Promise<void> {
  for (const slug of slugs) {
    try {
      const tenant = await store.tenants.bySlug(slug);
      if (tenant === undefined) log.warn({ slug }, "warmTenants names a tenant that does not exist");
      else await residency.warm([tenant]);
    } catch (error) {
      log.warn({ slug, error: String(error) }, "a tenant of warmTenants could not be brought into memory");
    }
  }
}
