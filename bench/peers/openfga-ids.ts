import { WILDCARD_ID } from "../../src/model/object.ts";

/** The first `:` ends a type's name, and OpenFGA refuses a second one; `%` is what it is written with instead. */
const REFUSED = /[:%]/;
const EVERY_REFUSED = /[:%]/g;

/** An id of relata as OpenFGA's; no two share one. @param prefix of its tenant */
export function idOf(id: string, prefix: string): string {
  if (id === WILDCARD_ID) return id;
  return prefix + (isTranslated(id) ? id.replace(EVERY_REFUSED, (one) => (one === ":" ? "%3A" : "%25")) : id);
}

export function isTranslated(id: string): boolean {
  return REFUSED.test(id);
}

/** A store has no tenants, and thousands of stores would each have a model: ids begin with their tenant's number where there are several. */
export function tenantPrefix(tenants: number, tenant = 0): string {
  return tenants > 1 ? `${tenant}/` : "";
}
