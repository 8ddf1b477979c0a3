import { resolve } from "node:path";
import { originOf } from "../dsl/compile.ts";
import { type Diagnostic, renderDiagnostics } from "../dsl/diagnostic.ts";
import { compileWithImports } from "../dsl/imports.ts";
import { lintNames } from "../dsl/lint.ts";
import type { Schema } from "../model/schema.ts";
import type { CliContext } from "./context.ts";
import { badInput } from "./exit.ts";
import { readIfThere, readInput } from "./files.ts";
import { count } from "./output.ts";

/** A schema text and where it stands. */
export interface SchemaText {
  /** As the user named it; in messages, and imports are relative to its folder. */
  readonly file: string;
  readonly text: string;
}

/** A schema with its imports, compiled. */
export interface CompiledFile {
  readonly file: string;
  /** Undefined when there are errors. */
  readonly schema: Schema | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** The text with every import replaced by what it names: what a server is given. */
  readonly flat: string;
  /** Diagnostics with source line and caret. */
  render(diagnostics: readonly Diagnostic[]): string;
}

export async function loadSchemaFile(context: CliContext, file: string): Promise<CompiledFile> {
  return compileText(context, { file, text: await readInput(context, file) });
}

export function compileText(context: CliContext, { file, text }: SchemaText): CompiledFile {
  const read = (path: string) => (path === file ? text : readIfThere(resolve(context.cwd, path)));
  const { schema, diagnostics, sources, bundle } = compileWithImports(file, read);
  // A schema of one file is stored as it was written.
  const flat = sources.size === 1 ? text : (bundle ?? text);
  return { file, schema, diagnostics, flat, render: (some) => renderDiagnostics(sources, some) };
}

/** Shows what the compiler has to say, on stderr. @throws CliError when the schema does not compile. */
export function compiledOrFail(
  context: CliContext,
  compiled: CompiledFile,
): CompiledFile & { readonly schema: Schema } {
  const { schema, diagnostics, file } = compiled;
  context.stderr.write(compiled.render(diagnostics));
  if (schema !== undefined) return { ...compiled, schema };
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  throw badInput(`${file} does not compile: ${count(errors, "error")}`, { where: file });
}

/** Warnings about what compiles but is likely not meant; none for a schema that does not compile. */
export function lintCompiled({ schema }: CompiledFile): readonly Diagnostic[] {
  const names = schema && originOf(schema);
  return names === undefined ? [] : lintNames(names);
}
