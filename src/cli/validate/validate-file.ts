import type { Diagnostic } from "../../dsl/diagnostic.ts";

import { unsupportedFeatures } from "../../dsl/supported.ts";
import type { CliContext } from "../context.ts";
import { CliError } from "../exit.ts";
import { readInput } from "../files.ts";
import type { Problem } from "../problem.ts";
import { type CompiledFile, compileText, lintCompiled } from "../schema-source.ts";
import type { ValidationDocument } from "./document.ts";
import { evaluateAssertions, type Outcome } from "./evaluate.ts";
import { readValidationYaml } from "./read-document.ts";
import { checkTuples } from "./tuples.ts";

/**
 * What became of a file:
 *  - passed, failed: the schema compiles, the tuples fit it, and all (not all) assertions hold
 *  - broken: it could not be evaluated, for what is wrong in it
 *  - refused: it uses what this version does not evaluate, by name
 */
export interface FileReport {
  readonly file: string;
  readonly verdict: "passed" | "failed" | "broken" | "refused";
  readonly problems: readonly Problem[];
  /** Of the schema; `rendered` has the source lines and carets. */
  readonly diagnostics: readonly Diagnostic[];
  readonly rendered: string;
  readonly tuples: number;
  readonly outcomes: readonly Outcome[];
  /** Names of the features a refused file uses. */
  readonly refused: readonly string[];
  /** What was read past, for the user to know. */
  readonly notes: readonly Problem[];
}

/** A `.zed` file is compiled and linted; anything else is a validation file in YAML. */
export async function validateFile(context: CliContext, file: string): Promise<FileReport> {
  let text: string;
  try {
    text = await readInput(context, file);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { ...NOTHING, file, problems: [{ file, line: 0, message: error.message }], verdict: "broken" };
  }
  return file.endsWith(".zed") ? validateSchemaText(context, file, text) : validateYaml(context, file, text);
}

const NOTHING = {
  problems: [],
  diagnostics: [],
  rendered: "",
  tuples: 0,
  outcomes: [],
  refused: [],
  notes: [],
} as const;

function validateSchemaText(context: CliContext, file: string, text: string): FileReport {
  const compiled = compileText(context, { file, text });
  const lints = compiled.schema === undefined ? [] : lintCompiled(compiled);
  const diagnostics = [...compiled.diagnostics, ...lints];
  const rendered = compiled.render(diagnostics);
  return { ...NOTHING, file, diagnostics, rendered, verdict: compiled.schema === undefined ? "broken" : "passed" };
}

async function validateYaml(context: CliContext, file: string, text: string): Promise<FileReport> {
  const problems: Problem[] = [];
  const document = await readValidationYaml(context, file, text, problems);
  const notes = notesOn(document);
  const compiled = document.schema === undefined ? undefined : compileText(context, document.schema);
  const tuples = document.tuples.length;
  const diagnostics = compiled?.diagnostics ?? [];
  const said = {
    ...NOTHING,
    file,
    problems,
    diagnostics,
    rendered: compiled?.render(diagnostics) ?? "",
    tuples,
    notes,
  };
  if (compiled?.schema === undefined || problems.length > 0) return { ...said, verdict: "broken" };
  const refused = unsupportedFeatures(compiled.schema);
  if (refused.length > 0) return refuse(said, compiled, refused);
  checkTuples(file, compiled.schema, document.tuples, problems);
  if (problems.length > 0) return { ...said, verdict: "broken" };
  const plain = document.tuples.map(({ tuple }) => tuple);
  const outcomes = await evaluateAssertions(compiled.schema, plain, document.assertions, context.now);
  return { ...said, outcomes, verdict: outcomes.every(({ passed }) => passed) ? "passed" : "failed" };
}

/** The features by name; `rendered` shows the first place only, since a schema may use them everywhere. */
function refuse(
  said: Omit<FileReport, "verdict">,
  compiled: CompiledFile,
  features: readonly Diagnostic[],
): FileReport {
  const names = [...new Set(features.map(({ code }) => (code.endsWith("caveat") ? "caveats" : "expiration")))];
  return {
    ...said,
    verdict: "refused",
    refused: names,
    diagnostics: features,
    rendered: compiled.render(features.slice(0, 1)),
  };
}

function notesOn({ file, expansions }: ValidationDocument): readonly Problem[] {
  if (expansions === undefined) return [];
  const entries = expansions.count === 1 ? "1 entry" : `${expansions.count} entries`;
  return [
    {
      file,
      line: expansions.line,
      message: `${entries} under \`validation:\` not evaluated: relata cannot expand permissions yet`,
    },
  ];
}
