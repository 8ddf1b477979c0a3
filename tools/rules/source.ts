import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** A TypeScript file and what the rules look at in it. Paths are relative to the project, with `/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text with comments and the insides of strings blanked out, lines kept. */
  readonly code: string;
  readonly imports: readonly ImportOf[];
}

export interface ImportOf {
  /** As written: `../errors.ts`, `node:fs`, `pg`. */
  readonly specifier: string;
  readonly line: number;
}

/** Every `.ts` file below the folders, in name order. */
export function readSources(root: string, folders: readonly string[]): readonly SourceFile[] {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => posix.join(entry.parentPath.slice(root.length + 1).replaceAll("\\", "/"), entry.name)),
  );
  return paths.toSorted().map((path) => parseSource(path, readFileSync(join(root, path), "utf8")));
}

export function parseSource(path: string, text: string): SourceFile {
  const code = blank(text);
  return { path, text, code, imports: importsOf(text, code) };
}

/** `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`; of types as well. */
function importsOf(text: string, code: string): readonly ImportOf[] {
  const found: ImportOf[] = [];
  const pattern = /(?<![\w$.])(?:from|import)\s*\(?\s*(["'])/g;
  for (const match of code.matchAll(pattern)) {
    const start = match.index + match[0].length;
    const end = text.indexOf(match[1] ?? '"', start);
    const line = text.slice(0, match.index).split("\n").length;
    found.push({ specifier: text.slice(start, end), line });
  }
  return found;
}

/** What one alternative of TOKEN matches, longest first: comments, strings, templates, regular expressions. */
const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|(?<=[=(,:[!&|?{};]\s*|return\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*/g;

/** Keeps quotes and line breaks so that positions stay the same. A template's `${…}` is blanked with it. */
function blank(text: string): string {
  return text.replace(TOKEN, (token) => {
    const inside = (from: number, to: number) => token.slice(from, to).replace(/[^\n]/g, " ");
    return token.startsWith("/") ? inside(0, token.length) : token[0] + inside(1, token.length - 1) + token.at(-1);
  });
}
