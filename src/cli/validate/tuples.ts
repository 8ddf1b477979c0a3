import { validateTuple } from "../../engine/validate.ts";
import { RelataError } from "../../errors.ts";
import type { Schema } from "../../model/schema.ts";
import { formatTuple } from "../../model/tuple-text.ts";
import type { Problem } from "../problem.ts";
import type { ReadTuple } from "../tuples/text-lines.ts";

/** Every tuple that the schema does not allow, and every one given twice, becomes a problem. */
export function checkTuples(file: string, schema: Schema, tuples: readonly ReadTuple[], problems: Problem[]): void {
  const firstLine = new Map<string, number>();
  for (const { tuple, line } of tuples) {
    const { caveat: _caveat, expiresAtMs: _expiry, ...identity } = tuple;
    const key = formatTuple(identity);
    const first = firstLine.get(key);
    if (first === undefined) firstLine.set(key, line);
    else problems.push({ file, line, message: `${key} is given twice, first on line ${first}` });
    try {
      validateTuple(schema, tuple);
    } catch (error) {
      if (!(error instanceof RelataError)) throw error;
      problems.push({ file, line, message: error.message });
    }
  }
}
