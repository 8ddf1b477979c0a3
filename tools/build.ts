// Builds dist/ for the published package and the image: src/x/y.ts → dist/x/y.js, at the same depth, so that
// migrations/ and schema/ lie equally far from a source file and from its built form. What `relata bench` needs of bench/ comes
// into dist/bench; where there is no bench/, as in the image, the command says so.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");

rmSync(join(root, "dist"), { recursive: true, force: true });
compile("tsconfig.build.json");

const sources = filesOf(join(root, "src")).filter((name) => name.endsWith(".ts"));
const built = new Set(filesOf(join(root, "dist")));
const missing = sources.filter((name) => !built.has(name.replace(/\.ts$/, ".js")));
if (missing.length > 0) {
  console.error(`not built: ${missing.join(", ")}`);
  process.exit(1);
}
const benches = existsSync(join(root, "bench")) ? buildBench() : 0;
console.log(`dist: ${sources.length} modules, ${benches} of the bench`);

/** Compiled beside another copy of src, which is thrown away: dist/bench/x.js imports what lies in dist/. */
function buildBench(): number {
  compile("tsconfig.bench.json");
  const output = join(root, "dist", ".bench", "bench");
  const modules = filesOf(output).filter((name) => name.endsWith(".js"));
  for (const name of modules) {
    const target = join(root, "dist", "bench", name);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, relocated(name, readFileSync(join(output, name), "utf8")));
  }
  rmSync(join(root, "dist", ".bench"), { recursive: true });
  return modules.length;
}

/** `../../src/x.js` is `../../x.js` in dist/, and processes are started from files that end in .js. */
function relocated(name: string, code: string): string {
  if (/from "(?:\.\.\/)+test\//.test(code)) {
    console.error(`bench/${name} imports from test/, which no package has`);
    process.exit(1);
  }
  return code
    .replaceAll(/((?:from|import) "(?:\.\.\/)+)src\//g, "$1")
    .replaceAll(/(import\.meta\.dirname, "[\w./-]+)\.ts"/g, '$1.js"');
}

function compile(project: string): void {
  const { status } = spawnSync(process.execPath, [compiler, "--project", join(root, project)], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" });
}
