import type { Diagnostic } from "../../dsl/diagnostic.ts";
import type { CliContext } from "../context.ts";
import { CliError } from "../exit.ts";
import { readInput } from "../files.ts";
import type { Problem } from "../problem.ts";
import { compileText, lintCompiled } from "../schema-source.ts";
import { compareRelations, type RelationOutcome } from "./compare-relations.ts";
import { type AssertionOutcome, evaluateAssertions } from "./evaluate.ts";
import { readValidationYaml } from "./read-document.ts";
import { checkTuples } from "./tuples.ts";

/**
 * What became of a file:
 *  - passed, failed: the schema compiles, the tuples fit it, and all (not all) assertions and expected relations hold
 *  - broken: it could not be evaluated, for what is wrong in it
 */
export interface FileReport {
  readonly file: string;
  readonly verdict: "passed" | "failed" | "broken";
  readonly problems: readonly Problem[];
  /** Of the schema; `rendered` has the source lines and carets. */
  readonly diagnostics: readonly Diagnostic[];
  readonly rendered: string;
  readonly tuples: number;
  readonly outcomes: readonly AssertionOutcome[];
  readonly relations: readonly RelationOutcome[];
  readonly durationMs: number;
}

/** A `.zed` file is compiled and linted; anything else is a validation file in YAML. */
export async function validateFile(context: CliContext, file: string): Promise<FileReport> {
  const startedAt = context.now();
  const report = await validate(context, file, startedAt);
  return { ...report, durationMs: context.now() - startedAt };
}

async function validate(context: CliContext, file: string, nowMs: number): Promise<FileReport> {
  let text: string;
  try {
    text = await readInput(context, file);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { ...NOTHING, file, problems: [{ file, line: 0, message: error.message }], verdict: "broken" };
  }
  return file.endsWith(".zed") ? validateSchemaText(context, file, text) : validateYaml(context, file, text, nowMs);
}

const NOTHING = {
  problems: [],
  diagnostics: [],
  rendered: "",
  tuples: 0,
  outcomes: [],
  relations: [],
  durationMs: 0,
} as const;

function validateSchemaText(context: CliContext, file: string, text: string): FileReport {
  const compiled = compileText(context, { file, text });
  const lints = compiled.schema === undefined ? [] : lintCompiled(compiled);
  const diagnostics = [...compiled.diagnostics, ...lints];
  const rendered = compiled.render(diagnostics);
  return { ...NOTHING, file, diagnostics, rendered, verdict: compiled.schema === undefined ? "broken" : "passed" };
}

/** @param nowMs decides what has expired, in the whole file */
async function validateYaml(context: CliContext, file: string, text: string, nowMs: number): Promise<FileReport> {
  const problems: Problem[] = [];
  const document = await readValidationYaml(context, file, text, problems);
  const compiled = document.schema === undefined ? undefined : compileText(context, document.schema);
  const diagnostics = compiled?.diagnostics ?? [];
  const rendered = compiled?.render(diagnostics) ?? "";
  const said = { ...NOTHING, file, problems, diagnostics, rendered, tuples: document.tuples.length };
  if (compiled?.schema === undefined || problems.length > 0) return { ...said, verdict: "broken" };
  checkTuples(file, compiled.schema, document.tuples, problems);
  if (problems.length > 0) return { ...said, verdict: "broken" };
  const plain = document.tuples.map(({ tuple }) => tuple);
  const outcomes = await evaluateAssertions(compiled.schema, plain, document.assertions, nowMs);
  const relations = compareRelations(compiled.schema, plain, document.expectedRelations, nowMs);
  const passed = [...outcomes, ...relations].every((outcome) => outcome.passed);
  return { ...said, outcomes, relations, verdict: passed ? "passed" : "failed" };
}
