import { posix } from "node:path";
import { findCycles } from "./cycles.ts";
import { BUILT_BY, MAX_FILE_LINES, PACKAGE_HOMES, PROCESS_HOMES, PURE_UNITS, RANKS } from "./ranks.ts";
import type { ImportOf, SourceFile } from "./source.ts";

/** A broken rule: `src/engine/solver.ts:3: …`. */
export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export function formatViolation({ rule, path, line, message }: Violation): string {
  return `${path}:${line}: ${message} (${rule})`;
}

/** Checks all the rules of one set of files; generated code is held to the import rules only. */
export function checkRules(files: readonly SourceFile[]): readonly Violation[] {
  const known = new Set(files.map(({ path }) => path));
  const violations = files.flatMap((file) => [
    ...file.imports.flatMap((imported) => checkImport(file, imported, known)),
    ...(isGenerated(file) ? [] : checkShape(file)),
    ...checkProcess(file),
    ...checkPurity(file),
  ]);
  return [...violations, ...checkCycles(files)].toSorted(
    (a, b) => a.path.localeCompare(b.path) || a.line - b.line || a.message.localeCompare(b.message),
  );
}

function isGenerated(file: SourceFile): boolean {
  return file.path.startsWith("src/gen/");
}

/** `src/auth/verify.ts` → `auth`; `src/errors.ts` → `errors`; undefined outside src/. */
export function unitOf(path: string): string | undefined {
  const [top, unit] = path.split("/");
  return top === "src" ? unit?.replace(/\.ts$/, "") : undefined;
}

/** The project's file a relative import names; undefined for packages. */
export function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? posix.normalize(posix.join(posix.dirname(from), specifier)) : undefined;
}

function checkImport(file: SourceFile, imported: ImportOf, known: ReadonlySet<string>): readonly Violation[] {
  const at = (rule: string, message: string): Violation => ({ rule, path: file.path, line: imported.line, message });
  const target = resolveImport(file.path, imported.specifier);
  if (target === undefined) return checkPackage(file, imported).map((message) => at("package", message));
  if (/\.(json|js|mjs)$/.test(target)) return [];
  if (target.endsWith(".ts") && !known.has(target) && unitOf(target) !== undefined) {
    return [at("import", `there is no ${target}`)];
  }
  const from = unitOf(file.path);
  const to = unitOf(target);
  if (from === undefined || from === to) return [];
  if (to === undefined) return [at("rank", `src must not import ${target}`)];
  const fromRank = RANKS[from];
  const toRank = RANKS[to];
  if (fromRank === undefined || toRank === undefined) {
    return [at("rank", `"${fromRank === undefined ? from : to}" has no rank; give it one in tools/rules/ranks.ts`)];
  }
  if (toRank >= fromRank) return [at("rank", `${from} (rank ${fromRank}) must not import ${to} (rank ${toRank})`)];
  const builders = BUILT_BY[to];
  if (builders !== undefined && !builders.includes(file.path)) {
    return [at("rank", `${to} may be imported by ${builders.join(", ")} only`)];
  }
  return [];
}

function checkPackage(file: SourceFile, { specifier }: ImportOf): readonly string[] {
  const unit = unitOf(file.path);
  if (unit === undefined) return [];
  if (PURE_UNITS.includes(unit)) return [`${unit} is pure and imports no package, so not "${specifier}"`];
  if (specifier.startsWith("node:")) return [];
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const homes = PACKAGE_HOMES[name];
  if (homes === undefined) return [`"${name}" has no home in src; give it one in tools/rules/ranks.ts`];
  const below = file.path.slice("src/".length);
  return homes.some((home) => below.startsWith(home))
    ? []
    : [`"${name}" may be imported from ${homes.join(", ")} only`];
}

function checkCycles(files: readonly SourceFile[]): readonly Violation[] {
  const edges = new Map(
    files.map((file) => [
      file.path,
      file.imports.flatMap(({ specifier }) => resolveImport(file.path, specifier) ?? []),
    ]),
  );
  return findCycles(edges).map((cycle) => ({
    rule: "cycle",
    path: cycle[0] ?? "",
    line: 1,
    message: `import cycle ${[...cycle, cycle[0]].join(" → ")}`,
  }));
}

/** One file, one idea, its name; plain exports. */
function checkShape(file: SourceFile): readonly Violation[] {
  const found: Violation[] = [];
  const add = (rule: string, line: number, message: string) => found.push({ rule, path: file.path, line, message });
  const original = file.text.split("\n");
  const lines = original.length - 1;
  if (lines > MAX_FILE_LINES) add("size", lines, `${lines} lines, more than ${MAX_FILE_LINES}`);
  for (const segment of file.path.replace(/(\.(test|long|bench|config))?\.ts$/, "").split("/")) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(segment)) add("name", 1, `"${segment}" is not kebab-case`);
    if (/^(index|utils?|helpers?|common|misc|manager|.*-(utils?|helpers?|manager))$/.test(segment)) {
      add("name", 1, `"${segment}" says nothing about what is in it`);
    }
  }
  for (const [index, line] of file.code.split("\n").entries()) {
    if (/^\s*export\s+\*/.test(line)) add("export", index + 1, "`export *` hides where a name comes from");
    const excused = original[index - 1]?.includes("biome-ignore lint/style/noDefaultExport");
    if (/^\s*export\s+default\b/.test(line) && !excused) {
      add("export", index + 1, "default exports have no name of their own");
    }
  }
  return found;
}

function checkProcess(file: SourceFile): readonly Violation[] {
  if (unitOf(file.path) === undefined || PROCESS_HOMES.includes(file.path)) return [];
  // A process that was handed in is not the global one.
  if (/\bprocess\s*:\s*NodeJS\.Process\b/.test(file.code)) return [];
  return matches(
    file,
    /\bprocess\s*\.\s*(env|argv|exit)\b/g,
    "process",
    (text) => `${text} belongs to ${PROCESS_HOMES.join(", ")}`,
  );
}

function checkPurity(file: SourceFile): readonly Violation[] {
  const unit = unitOf(file.path);
  if (unit === undefined || !PURE_UNITS.includes(unit)) return [];
  const impure =
    /\b(Date\s*\.\s*now|new\s+Date\s*\(\s*\)|Math\s*\.\s*random|performance\s*\.\s*now|setTimeout|setInterval|fetch\s*\(|crypto\s*\.)/g;
  return matches(file, impure, "pure", (text) => `${unit} is pure: time and chance are arguments, not ${text}`);
}

function matches(file: SourceFile, pattern: RegExp, rule: string, message: (text: string) => string): Violation[] {
  return [...file.code.matchAll(pattern)].map((match) => ({
    rule,
    path: file.path,
    line: file.code.slice(0, match.index).split("\n").length,
    message: message(match[0].trim()),
  }));
}
