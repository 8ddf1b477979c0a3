import type { ImportNode, SchemaFile } from "./ast.ts";
import { type CompileResult, compileFiles, compileSchema } from "./compile.ts";
import { createDiagnosticBag, type DiagnosticBag } from "./diagnostic.ts";
import { diffSchemas } from "./diff.ts";
import { parseFile } from "./parser.ts";
import { printFile } from "./print.ts";
import { createSource } from "./source.ts";

/** The text of a file, or undefined when there is none. Paths have `/` and are relative to the entry's folder. */
export type ReadFile = (path: string) => string | undefined;

export interface ImportedSchema extends CompileResult {
  /** Text of each file that was read, by path: what renderDiagnostics needs. */
  readonly sources: ReadonlyMap<string, string>;
  /** One text that says the same without imports, for storing; undefined if and only if `schema` is. */
  readonly bundle: string | undefined;
}

const MAX_FILES = 1_000;

/**
 * Compiles a schema that imports others. Imported definitions come first; a file imported twice counts once; a file that
 * imports itself, by whatever way round, is an error, as is a path that leaves the entry's folder.
 */
export function compileWithImports(entry: string, read: ReadFile): ImportedSchema {
  const bag = createDiagnosticBag();
  const loaded = loadFiles(entry, read, bag);
  const sources = new Map(loaded.map(({ source }) => [source.file, source.text]));
  const result = compileFiles(loaded, bag);
  if (result.schema === undefined) {
    return { ...result, sources, bundle: undefined };
  }
  const bundle = loaded.length === 1 ? (loaded[0]?.source.text ?? "") : bundleFiles(loaded);
  const problem = bundleProblem(bundle, result);
  const last = loaded.at(-1);
  if (problem !== undefined && last !== undefined) {
    bag.error(last.source, { start: 0, end: 0 }, { code: "use-flag-conflict", ...problem });
    return { schema: undefined, diagnostics: bag.sorted(), sources, bundle: undefined };
  }
  return { ...result, sources, bundle };
}

/** Files in the order of their definitions: imported before importing. */
function loadFiles(entry: string, read: ReadFile, bag: DiagnosticBag): readonly SchemaFile[] {
  const files: SchemaFile[] = [];
  const loaded = new Set<string>();

  /** @returns whether it could be read, so that what it defines is not missed below when it could not */
  function load(
    path: string,
    from: SchemaFile | undefined,
    at: ImportNode | undefined,
    open: readonly string[],
  ): boolean {
    if (open.includes(path)) {
      const round = [...open.slice(open.indexOf(path)), path].join(" -> ");
      report(from, at, "import-cycle", `files cannot import each other in a circle: ${round}`);
      return false;
    }
    if (loaded.has(path)) {
      return true;
    }
    loaded.add(path);
    const text = loaded.size > MAX_FILES ? undefined : read(path);
    if (text === undefined) {
      const limit = `a schema has at most ${MAX_FILES} files`;
      report(from, at, "import-not-found", loaded.size > MAX_FILES ? limit : `there is no file "${path}"`);
      return false;
    }
    const file = parseFile(createSource(path, text), bag);
    let incomplete = file.incomplete;
    for (const item of file.items) {
      incomplete = (item.kind === "import" && !follow(item, file, [...open, path])) || incomplete;
    }
    files.push({ ...file, incomplete });
    return true;
  }

  function follow(item: ImportNode, file: SchemaFile, open: readonly string[]): boolean {
    const target = resolvePath(file.source.file, item.path.text);
    if (target === undefined) {
      report(file, item, "import-path", `"${item.path.text}" is not a path of a file beside or below this one`);
      return false;
    }
    return load(target, file, item, open);
  }

  function report(from: SchemaFile | undefined, at: ImportNode | undefined, code: string, message: string): void {
    const source = from?.source ?? createSource(entry, "");
    bag.error(source, at?.path ?? { start: 0, end: 0 }, { code, message });
  }

  load(entry, undefined, undefined, []);
  return files;
}

/** Relative to the importing file; undefined for absolute paths, `..` and anything else that could leave the folder. */
function resolvePath(from: string, path: string): string | undefined {
  const parts = path.split("/").filter((part) => part !== ".");
  const bad = parts.some((part) => part === "" || part === ".." || /[\\:\p{Cc}]/u.test(part));
  if (bad || parts.length === 0) {
    return undefined;
  }
  return [...from.split("/").slice(0, -1), ...parts].join("/");
}

function bundleFiles(files: readonly SchemaFile[]): string {
  const flags = new Set(files.flatMap((file) => [...file.uses]).filter((flag) => flag !== "import"));
  const head = [...flags]
    .sort()
    .map((flag) => `use ${flag}\n`)
    .join("");
  const bodies = files.map((file) => printFile(file, (item) => item.kind !== "use" && item.kind !== "import"));
  return [head, ...bodies].filter((part) => part !== "").join("\n");
}

/**
 * In one text the flags of one file hold for all. Where that turns a name of another file into a keyword, the text means
 * something else, and must not be stored for it.
 */
function bundleProblem(bundle: string, result: CompileResult): { message: string; hint: string } | undefined {
  const again = compileSchema(bundle).schema;
  const same = again !== undefined && result.schema !== undefined && sameMeaning(result.schema, again);
  return same
    ? undefined
    : {
        message: "put together, these files mean something else than apart",
        hint: 'a "use" flag of one file makes a keyword of a name in another; give all files the same flags',
      };
}

function sameMeaning(a: NonNullable<CompileResult["schema"]>, b: NonNullable<CompileResult["schema"]>): boolean {
  return diffSchemas(a, b).length === 0 && diffSchemas(b, a).length === 0;
}
