import { RelataError } from "../errors.ts";

/** Runs `body`; what it finds wrong is said to be wrong at `field` of the request. */
export function atField<T>(field: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof RelataError) || "field" in error.metadata) throw error;
    throw new RelataError(error.reason, `${field}: ${error.message}`, {
      metadata: { ...error.metadata, field },
      cause: error.cause,
      ...(error.detail === undefined ? {} : { detail: error.detail }),
    });
  }
}
