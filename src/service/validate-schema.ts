import type { Diagnostic } from "../dsl/diagnostic.ts";
import { lintSchema } from "../dsl/lint.ts";
import type { TenantCall } from "./call.ts";
import { diagnose, renderAll, requireSchemaSize } from "./compile-text.ts";
import type { VerbDeps } from "./deps.ts";

export interface ValidateSchemaAnswer {
  readonly valid: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Each diagnostic with its source line and a caret. */
  readonly rendered: string;
}

export type ValidateSchema = (call: TenantCall, request: { readonly text: string }) => Promise<ValidateSchemaAnswer>;

/** Everything that is wrong or odd about a text; asks no stored data. */
export function createValidateSchema(deps: Pick<VerbDeps, "limits">): ValidateSchema {
  return async (_call, { text }) => {
    requireSchemaSize(text, deps.limits.maxSchemaBytes);
    const { schema, diagnostics: found } = diagnose(text);
    const diagnostics = schema === undefined ? found : [...found, ...lintSchema(text)];
    const valid = diagnostics.every(({ severity }) => severity !== "error");
    return { valid, diagnostics, rendered: renderAll(text, diagnostics) };
  };
}
