import { compileSchema } from "../dsl/compile.ts";
import { createDiagnosticBag, type Diagnostic, renderDiagnostics } from "../dsl/diagnostic.ts";
import { parseFile } from "../dsl/parser.ts";
import { createSource } from "../dsl/source.ts";
import { RelataError } from "../errors.ts";
import type { Schema } from "../model/schema.ts";

/** How the schema text of a request is called in messages; it comes without a file name. */
const FILE = "schema";

/** gRPC sends the message in a header, and clients cap headers at 8 KiB: errors beyond this length are counted only. */
const MAX_RENDERED_CHARACTERS = 1500;

/** What is wrong with a text: compile errors and warnings. */
export function diagnose(text: string): {
  readonly schema: Schema | undefined;
  readonly diagnostics: readonly Diagnostic[];
} {
  return compileSchema(text, { file: FILE });
}

/** SCHEMA_PARSE_ERROR or SCHEMA_TYPE_ERROR, with the places; otherwise what was compiled. */
export function compileOrThrow(text: string): { readonly schema: Schema; readonly warnings: readonly Diagnostic[] } {
  const { schema, diagnostics } = diagnose(text);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (schema !== undefined) return { schema, warnings: diagnostics };
  throw new RelataError(failsToParse(text) ? "SCHEMA_PARSE_ERROR" : "SCHEMA_TYPE_ERROR", render(text, errors), {
    metadata: { errors: String(errors.length), ...place(errors[0]) },
  });
}

/** Whether the parser alone has something to say, before any name is looked up. */
function failsToParse(text: string): boolean {
  const bag = createDiagnosticBag();
  parseFile(createSource(FILE, text), bag);
  return bag.hasErrors();
}

export function requireSchemaSize(text: string, maxBytes: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes)
    throw new RelataError("TOO_MANY_ITEMS", `text has ${bytes} bytes; a schema may have at most ${maxBytes}`, {
      metadata: { field: "text", count: String(bytes), max: String(maxBytes) },
    });
}

export function renderAll(text: string, diagnostics: readonly Diagnostic[]): string {
  return renderDiagnostics(text, diagnostics);
}

function render(text: string, errors: readonly Diagnostic[]): string {
  let rendered = "";
  for (const [index, error] of errors.entries()) {
    const next = renderDiagnostics(text, [error]);
    if (index > 0 && rendered.length + next.length > MAX_RENDERED_CHARACTERS)
      return `${rendered}\n… and ${errors.length - index} more; SchemaService.Validate lists them all`;
    rendered += index === 0 ? next : `\n${next}`;
  }
  return rendered.slice(0, 2 * MAX_RENDERED_CHARACTERS);
}

function place(first: Diagnostic | undefined): Readonly<Record<string, string>> {
  return first === undefined ? {} : { code: first.code, line: String(first.line), column: String(first.column) };
}
