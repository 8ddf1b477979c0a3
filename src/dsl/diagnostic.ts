import { createSource, lineText, positionOf, type Source, type Span } from "./source.ts";

export type Severity = "error" | "warning";

/** Something to say about a place in a schema text. */
export interface Diagnostic {
  readonly severity: Severity;
  /** Stable kebab-case name of the rule. */
  readonly code: string;
  readonly message: string;
  /** How to mend it; empty when nothing better is known than the message. */
  readonly hint: string;
  readonly file: string;
  /** UTF-16 offsets into the file's text. */
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
}

/** More than this helps nobody; the rest is dropped. */
export const MAX_DIAGNOSTICS = 100;

/** What can be wrong: a code, a message, and perhaps a hint (computed only when the diagnostic is kept). */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | (() => string);
}

/** Collects diagnostics of one compilation: at most MAX_DIAGNOSTICS, one per place and code, sorted when taken. */
export interface DiagnosticBag {
  error(source: Source, span: Span, problem: Problem): void;
  warning(source: Source, span: Span, problem: Problem): void;
  hasErrors(): boolean;
  /** By file in order of first mention, then by place. */
  sorted(): readonly Diagnostic[];
}

export function createDiagnosticBag(): DiagnosticBag {
  const kept: Diagnostic[] = [];
  const seen = new Set<string>();
  const files = new Map<string, number>();
  let errors = 0;

  function add(severity: Severity, source: Source, span: Span, problem: Problem): void {
    errors += severity === "error" ? 1 : 0;
    if (kept.length >= MAX_DIAGNOSTICS) {
      return;
    }
    const key = `${span.start}:${problem.code}:${source.file}`;
    if (seen.has(key)) {
      return;
    }
    seen.add(key);
    files.set(source.file, files.get(source.file) ?? files.size);
    kept.push(createDiagnostic(severity, source, span, problem));
  }

  return {
    error: (source, span, problem) => add("error", source, span, problem),
    warning: (source, span, problem) => add("warning", source, span, problem),
    hasErrors: () => errors > 0,
    sorted: () =>
      kept.toSorted(
        (a, b) => (files.get(a.file) ?? 0) - (files.get(b.file) ?? 0) || a.start - b.start || a.end - b.end,
      ),
  };
}

export function createDiagnostic(severity: Severity, source: Source, span: Span, problem: Problem): Diagnostic {
  const hint = typeof problem.hint === "function" ? problem.hint() : (problem.hint ?? "");
  return {
    severity,
    code: problem.code,
    message: problem.message,
    hint,
    file: source.file,
    start: span.start,
    end: span.end,
    ...positionOf(source, span.start),
  };
}

/** Width of the part of a long source line that is shown. */
const MAX_SHOWN = 140;

/**
 * For people: place, message and code; the source line with its place underlined; the hint.
 * `sources` is the text of the one file, or texts by file name when diagnostics come from several.
 */
export function renderDiagnostics(
  sources: string | ReadonlyMap<string, string>,
  diagnostics: readonly Diagnostic[],
): string {
  const opened = new Map<string, Source>();
  function open(file: string): Source {
    const text = typeof sources === "string" ? sources : (sources.get(file) ?? "");
    const source = opened.get(file) ?? createSource(file, text);
    opened.set(file, source);
    return source;
  }
  return diagnostics.map((diagnostic) => renderOne(open(diagnostic.file), diagnostic)).join("\n");
}

function renderOne(source: Source, diagnostic: Diagnostic): string {
  const { file, line, column, severity, message, code, hint } = diagnostic;
  const head = `${file}:${line}:${column}: ${severity}: ${message} [${code}]\n`;
  const gutter = " ".repeat(String(line).length);
  const excerpt = renderExcerpt(source, diagnostic, gutter);
  return head + excerpt + (hint === "" ? "" : `  ${gutter} = ${hint}\n`);
}

function renderExcerpt(source: Source, diagnostic: Diagnostic, gutter: string): string {
  const full = lineText(source, diagnostic.line - 1);
  const lineStart = source.lineStarts[diagnostic.line - 1] ?? 0;
  const offset = Math.min(diagnostic.start - lineStart, full.length);
  const from = offset > MAX_SHOWN - 20 ? offset - 60 : 0;
  const shown = full.slice(from, from + MAX_SHOWN);
  const before = shown.slice(0, offset - from);
  const marked = shown.slice(offset - from, Math.max(diagnostic.end - lineStart - from, offset - from));
  const pad = [...before].map((character) => (character === "\t" ? "\t" : " ")).join("");
  const carets = "^".repeat(Math.max([...marked].length, 1));
  const [open, close] = [from > 0 ? "…" : "", from + MAX_SHOWN < full.length ? "…" : ""];
  const shift = " ".repeat(open.length);
  return `  ${diagnostic.line} | ${open}${printable(shown)}${close}\n  ${gutter} | ${shift}${pad}${carets}\n`;
}

/** Control characters would move the cursor, or worse. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "�");
}
