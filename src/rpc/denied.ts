import { RelataError } from "../errors.ts";

/**
 * The one answer to a proved caller who may not: missing scope, foreign tenant, unknown tenant, suspended tenant. Its
 * bytes are the same, so that nobody learns which tenants there are.
 */
export function denied(detail: string): RelataError {
  return new RelataError("PERMISSION_DENIED", "the caller may not do this", { detail });
}
