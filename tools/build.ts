// Builds dist/ for the published package and the image: src/x/y.ts → dist/x/y.js, at the same depth, so that
// migrations/ and schema/ lie equally far from a source file and from its built form.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");

rmSync(join(root, "dist"), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [compiler, "--project", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

const sources = filesOf(join(root, "src")).filter((name) => name.endsWith(".ts"));
const built = new Set(filesOf(join(root, "dist")));
const missing = sources.filter((name) => !built.has(name.replace(/\.ts$/, ".js")));
if (missing.length > 0) {
  console.error(`not built: ${missing.join(", ")}`);
  process.exit(1);
}
console.log(`dist: ${sources.length} modules`);

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" });
}
