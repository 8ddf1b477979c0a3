import { compileSchema } from "../src/dsl/compile.ts";
import { type Plan, planSchema } from "../src/engine/plan.ts";

/** A schema of a workload, which compiles. */
export function planOf(text: string): Plan {
  const { schema, diagnostics } = compileSchema(text, { file: "workload.zed" });
  if (schema === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return planSchema(schema);
}
