import type { Config } from "../config.ts";
import type { Logger } from "../log.ts";
import type { ServingStore } from "../model/serving-store.ts";
import { USAGE_FAMILIES } from "../rpc/interceptors/count-usage.ts";
import { type CallTally, createCallTally } from "../service/tenant-life/call-tally.ts";
import { createJobKeeper } from "../service/tenant-life/job-keeper.ts";
import { createTenantLifeVerbs, type TenantLifeVerbs } from "../service/tenant-life/verbs.ts";

export interface TenantLife {
  readonly verbs: TenantLifeVerbs;
  readonly tally: CallTally;
  close(): Promise<void>;
}

/** What this process does about the lives of tenants: their moves and removals, and the adding up of their calls. */
export function openTenantLife(
  config: Pick<Config, "trustMaxAgeMs" | "maxDeadlineMs">,
  { store, log }: { readonly store: ServingStore; readonly log: Logger },
): TenantLife {
  const { life, tenants } = store;
  // Within the first every process has heard, or refuses everybody; calls that had begun by then end within the second, and
  // what the database still does for them within the third, which is its statement timeout.
  const settleMs = config.trustMaxAgeMs + 2 * config.maxDeadlineMs;
  const jobs = createJobKeeper({ life, settleMs, log });
  const tally = createCallTally({ life, families: USAGE_FAMILIES, log });
  return {
    verbs: createTenantLifeVerbs({ tenants, life, jobs }),
    tally,
    close: async () => {
      await jobs.close();
      await tally.close();
    },
  };
}
