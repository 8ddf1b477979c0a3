import type { Schema } from "../model/schema.ts";
import { analyze } from "./analyze.ts";
import type { SchemaFile } from "./ast.ts";
import { declareNames } from "./declare.ts";
import { createDiagnosticBag, type Diagnostic, type DiagnosticBag } from "./diagnostic.ts";
import { lower } from "./lower.ts";
import type { Names } from "./names.ts";
import { parseFile } from "./parser.ts";
import { createSource } from "./source.ts";

export interface CompileResult {
  /** Undefined if and only if there is an error among the diagnostics. */
  readonly schema: Schema | undefined;
  /** By place. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Name of a text that came from no file. */
const UNNAMED = "schema.zed";

/** Compiles a schema of one text. Imports are refused: dsl/imports.ts resolves them beforehand. Never throws on bad input. */
export function compileSchema(text: string, options: { readonly file?: string } = {}): CompileResult {
  const bag = createDiagnosticBag();
  const file = parseFile(createSource(options.file ?? UNNAMED, text), bag);
  let { incomplete } = file;
  for (const item of file.items) {
    if (item.kind === "import") {
      incomplete = true;
      bag.error(file.source, item, {
        code: "import-not-resolved",
        message: "a stored schema is one text and cannot import files",
        hint: "push it with the command line, which puts imported files together",
      });
    }
  }
  return compileFiles([{ ...file, incomplete }], bag);
}

/** Compiles parsed files as one schema, in their order. */
export function compileFiles(files: readonly SchemaFile[], bag: DiagnosticBag): CompileResult {
  const names = declareNames(files, bag);
  const programs = analyze(names, bag);
  if (bag.hasErrors()) {
    return { schema: undefined, diagnostics: bag.sorted() };
  }
  const schema = lower(names, programs);
  origins.set(schema, names);
  return { schema, diagnostics: bag.sorted() };
}

const origins = new WeakMap<Schema, Names>();

/** The declarations that a schema was compiled from; undefined for one that compileSchema did not make. */
export function originOf(schema: Schema): Names | undefined {
  return origins.get(schema);
}
