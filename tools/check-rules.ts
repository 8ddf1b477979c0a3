// Checks the house rules that no linter knows: who may import whom, cycles, sizes, names. See CONTRIBUTING.md.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { checkRules, formatViolation } from "./rules/check.ts";
import { readSources } from "./rules/source.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const files = readSources(root, ["src", "test", "tools", "examples", "bench"]);
const edges = files.reduce((sum, file) => sum + file.imports.length, 0);
const inSrc = files.filter(({ path }) => path.startsWith("src/")).length;

// A checker that looks at nothing reports success; this one counts what it saw.
if (inSrc < 50 || edges < 200) {
  console.error(`looked at ${inSrc} files of src and ${edges} imports in all: too few to be the project`);
  process.exit(1);
}
const violations = checkRules(files);
for (const violation of violations) console.error(formatViolation(violation));
console.log(`${files.length} files, ${edges} imports, ${violations.length} violations`);
process.exit(violations.length === 0 ? 0 : 1);
