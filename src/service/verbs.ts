import type { Logger } from "../log.ts";
import type { AuditStore, DecisionLog } from "../model/audit.ts";
import type { Residency } from "../model/residency.ts";
import type { Store } from "../model/store.ts";
import { type BatchCheck, createBatchCheck } from "./batch-check.ts";
import { type Check, createCheck } from "./check.ts";
import { createRevisionChooser } from "./choose-revision.ts";
import { createCompiledSchemas } from "./compiled-schemas.ts";
import { type CreateTenant, createCreateTenant } from "./create-tenant.ts";
import { createDeleteTuples, type DeleteTuples } from "./delete-tuples.ts";
import type { VerbDeps } from "./deps.ts";
import { createDiffSchema, type DiffSchema } from "./diff-schema.ts";
import { createExpand, type Expand } from "./expand.ts";
import { createExportTuples, type ExportTuples } from "./export-tuples.ts";
import { createGetTenant, type GetTenant } from "./get-tenant.ts";
import { createHeadCache } from "./head-cache.ts";
import type { ServiceLimits } from "./limits.ts";
import { createListTenants, type ListTenants } from "./list-tenants.ts";
import { createLookupResources, type LookupResources } from "./lookup-resources.ts";
import { createLookupSubjects, type LookupSubjects } from "./lookup-subjects.ts";
import { createReadSchema, type ReadSchema } from "./read-schema.ts";
import { createReadTuples, type ReadTuples } from "./read-tuples.ts";
import { rememberTokens } from "./remembered-tokens.ts";
import { createSealer, type SealKey } from "./seal.ts";
import { createValidateSchema, type ValidateSchema } from "./validate-schema.ts";
import { createWriteSchema, type WriteSchema } from "./write-schema.ts";
import { createWriteTuples, type WriteTuples } from "./write-tuples.ts";

/** Everything relata does, without transport: each verb takes the proved call and a request of model types. */
export interface Verbs {
  readonly check: Check;
  readonly batchCheck: BatchCheck;
  readonly expand: Expand;
  readonly lookupResources: LookupResources;
  readonly lookupSubjects: LookupSubjects;
  readonly writeTuples: WriteTuples;
  readonly deleteTuples: DeleteTuples;
  readonly readTuples: ReadTuples;
  readonly exportTuples: ExportTuples;
  readonly writeSchema: WriteSchema;
  readonly readSchema: ReadSchema;
  readonly validateSchema: ValidateSchema;
  readonly diffSchema: DiffSchema;
  readonly createTenant: CreateTenant;
  readonly getTenant: GetTenant;
  readonly listTenants: ListTenants;
}

export interface VerbOptions {
  readonly store: Store;
  /** Keys of consistency tokens and cursors: the first seals, all open. */
  readonly tokenKeys: readonly SealKey[];
  readonly limits: ServiceLimits;
  /** What is kept of tenants in memory. Left out: everything is read from the store. */
  readonly residency?: Residency;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds, for what is fresh and what is not: a wall clock may jump. Default: the process's own. */
  readonly monotonic?: () => number;
  readonly log: Logger;
  /** Where exports are put on record; left out: nowhere. */
  readonly audit?: Pick<AuditStore, "append">;
  /** Left out: no answer is logged. */
  readonly decisions?: DecisionLog;
}

export function createVerbs(options: VerbOptions): Verbs {
  const { store, limits, now, log, residency, monotonic = () => performance.now() } = options;
  const heads = createHeadCache(store.revisions, { maxStalenessMs: limits.maxStalenessMs, monotonic, residency });
  const deps: VerbDeps = {
    store,
    limits,
    now,
    monotonic,
    log,
    residency,
    heads,
    decisions: options.decisions,
    sealer: rememberTokens(createSealer(options.tokenKeys)),
    chooseRevision: createRevisionChooser(store.revisions, heads, { ...limits, monotonic }),
    compiledSchema: createCompiledSchemas(store.schemas),
  };
  return {
    check: createCheck(deps),
    batchCheck: createBatchCheck(deps),
    expand: createExpand(deps),
    lookupResources: createLookupResources(deps),
    lookupSubjects: createLookupSubjects(deps),
    writeTuples: createWriteTuples(deps),
    deleteTuples: createDeleteTuples(deps),
    readTuples: createReadTuples(deps),
    exportTuples: createExportTuples(deps, options.audit),
    writeSchema: createWriteSchema(deps),
    readSchema: createReadSchema(deps),
    validateSchema: createValidateSchema(deps),
    diffSchema: createDiffSchema(deps),
    createTenant: createCreateTenant(deps),
    getTenant: createGetTenant(deps),
    listTenants: createListTenants(deps),
  };
}
