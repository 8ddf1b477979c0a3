import type { CallTally } from "../../service/tenant-life/call-tally.ts";
import type { Interceptor } from "../edge-call.ts";

/** What a tenant's usage tells its calls apart by. API: add, never rename. */
export const USAGE_FAMILIES = ["check", "lookup", "expand", "read", "write", "export", "schema", "credential", "audit"];

/** Of methods of other services, and of those that do something else than the rest of theirs. */
const FAMILY_OF_METHOD: Readonly<Record<string, string>> = {
  "AuthorizationService/LookupResources": "lookup",
  "AuthorizationService/LookupSubjects": "lookup",
  "AuthorizationService/Expand": "expand",
  "TupleService/Read": "read",
  "TupleService/Export": "export",
};
const FAMILY_OF_SERVICE: Readonly<Record<string, string>> = {
  AuthorizationService: "check",
  TupleService: "write",
  SchemaService: "schema",
  AuditService: "audit",
};

/** Counts the calls that were let into a tenant, whatever comes of them. */
export function createUsageCounter(tally: Pick<CallTally, "count">): Interceptor {
  const families = new Map<string, number>();
  return (call, next) => {
    const { tenant, procedure } = call;
    if (tenant !== undefined) {
      let family = families.get(procedure);
      if (family === undefined) {
        family = USAGE_FAMILIES.indexOf(familyOf(procedure));
        families.set(procedure, family);
      }
      tally.count(tenant.id, family, call.nowMs);
    }
    return next(call);
  };
}

/** @param procedure `relata.v1.TupleService/Read` */
function familyOf(procedure: string): string {
  const method = procedure.slice(procedure.lastIndexOf(".") + 1);
  return FAMILY_OF_METHOD[method] ?? FAMILY_OF_SERVICE[method.slice(0, method.indexOf("/"))] ?? "credential";
}
