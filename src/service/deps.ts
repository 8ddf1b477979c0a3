import type { Logger } from "../log.ts";
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
  readonly now: () => number;
  readonly log: Logger;
}
