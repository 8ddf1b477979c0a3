import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const SRC = join(import.meta.dirname, "../../src");
/** Where callers' texts are remembered by something. The rest has no cache, or is a developer's own. */
const UNITS = ["audit", "auth", "engine", "graph", "model", "rpc", "service", "storage"];

/*
 * Templates stand here with `{hole}` where the source has a dollar sign before it.
 */

/** `file: template` of every template literal in the source that puts two things together, and is no sentence. */
export function joinedTexts(): readonly string[] {
  return sources().flatMap(([file, text]) =>
    templatesIn(text)
      .filter((template) => holesOf(template).length > 1 && !isSentence(template))
      .map((template) => `${file}: ${template}`),
  );
}

/** `file: line` of every list that becomes one text with a space, a NUL or a comma between its parts. */
export function joinedLists(): readonly string[] {
  return sources().flatMap(([file, text]) =>
    text
      .split("\n")
      .filter((line) => /\.join\((?:" "|"\\0"|)\)/.test(line))
      .map((line) => `${file}: ${line.trim().replaceAll("${", "{")}`),
  );
}

export function holesOf(template: string): readonly string[] {
  return [...template.matchAll(/\{([^{}]*)\}/g)].map(([, hole = ""]) => hole);
}

/** The text that comes out with these in its holes. */
export function filled(template: string, values: readonly string[]): string {
  let at = 0;
  return template.replace(/\{[^{}]*\}/g, () => values[at++] ?? "").replaceAll("\\0", "\0");
}

function sources(): readonly (readonly [string, string])[] {
  return UNITS.flatMap((unit) =>
    readdirSync(join(SRC, unit), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(SRC, unit, name))
      .toSorted()
      .map((path) => [relative(SRC, path), withoutComments(readFileSync(path, "utf8"))] as const),
  );
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}

function templatesIn(text: string): readonly string[] {
  return [...text.matchAll(/`((?:[^`\\$]|\\.|\$(?!\{)|\$\{[^{}`]*\})*)`/g)].map(([, template = ""]) =>
    template.replaceAll("${", "{"),
  );
}

/** Two words with a space between them, or punctuation of a sentence. */
function isSentence(template: string): boolean {
  return /[A-Za-z]{2,} |[ (][A-Za-z]{2,}|[;,?] /.test(template.replaceAll(/\{[^{}]*\}/g, "\u0001"));
}
