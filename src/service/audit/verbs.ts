import type { AuditDeps } from "./deps.ts";
import { createExportAudit, type ExportAudit } from "./export.ts";
import { type AuditHead, createAuditHead } from "./head.ts";
import { createQueryAudit, type QueryAudit } from "./query.ts";
import { createQueryDecisions, type QueryDecisions } from "./query-decisions.ts";
import { createVerifyAudit, type VerifyAudit } from "./verify.ts";

/** Reading the record; what puts events on it is the store's part and the sink's. */
export interface AuditVerbs {
  readonly query: QueryAudit;
  readonly queryDecisions: QueryDecisions;
  readonly verify: VerifyAudit;
  readonly export: ExportAudit;
  readonly head: AuditHead;
}

export function createAuditVerbs(deps: AuditDeps): AuditVerbs {
  return {
    query: createQueryAudit(deps),
    queryDecisions: createQueryDecisions(deps),
    verify: createVerifyAudit(deps),
    export: createExportAudit(deps),
    head: createAuditHead(deps),
  };
}
