import { RelataError } from "../errors.ts";
import type { LogFields } from "../log.ts";

/** A failure for the log: what happened, and what only the log may know of it. */
export function failureFields(error: unknown): LogFields {
  if (!(error instanceof RelataError))
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  const { message, detail, cause } = error;
  return {
    error: message,
    ...(detail !== undefined && { detail }),
    ...(cause !== undefined && { cause: String(cause) }),
  };
}
