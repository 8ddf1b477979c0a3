import type { RelataError } from "../errors.ts";
import type { JsonObject } from "./tuple.ts";

/**
 * A caveat's expression, parsed and type-checked once with its schema. Made by cel/compile-caveat.ts; the engine only
 * sees this port.
 */
export interface CaveatProgram {
  /**
   * Decides the caveat. A written value wins over one of the request; request keys that are no parameters are ignored.
   * Never throws for what a caller or writer can cause.
   */
  evaluate(written: JsonObject, request: JsonObject): CaveatResult;
  /**
   * Checks the context a tuple carries.
   * @throws INVALID_CAVEAT_CONTEXT for a key that is no parameter and for a value that is not of its type
   */
  validateWritten(written: JsonObject): void;
}

export type CaveatResult =
  | { readonly kind: "true" }
  | { readonly kind: "false" }
  /** Undecided; `names` are the parameters nobody gave whose values could decide it, sorted. */
  | { readonly kind: "missing"; readonly names: readonly string[] }
  /**
   * No answer: INVALID_CAVEAT_CONTEXT (a request value is not of its type) or CAVEAT_EVALUATION_FAILED (division by zero,
   * no such key …). Never taken for false.
   */
  | { readonly kind: "failed"; readonly error: RelataError };
