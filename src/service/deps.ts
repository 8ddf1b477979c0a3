import type { Logger } from "../log.ts";
import type { DecisionLog } from "../model/audit.ts";
import type { Residency } from "../model/residency.ts";
import type { Store } from "../model/store.ts";
import type { RevisionChooser } from "./choose-revision.ts";
import type { CompiledSchemas } from "./compiled-schemas.ts";
import type { HeadCache } from "./head-cache.ts";
import type { ServiceLimits } from "./limits.ts";
import type { Sealer } from "./seal.ts";

/** What the verbs are made of; put together once, in verbs.ts. */
export interface VerbDeps {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly limits: ServiceLimits;
  readonly heads: HeadCache;
  readonly chooseRevision: RevisionChooser;
  readonly compiledSchema: CompiledSchemas;
  /** Undefined: everything is read from the store. */
  readonly residency: Residency | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that only pass, whatever is done to the clock. */
  readonly monotonic: () => number;
  readonly log: Logger;
  /** Undefined: no answer is logged. */
  readonly decisions?: DecisionLog | undefined;
}
