// Writes the documentation that comes from the code: the settings in README.md, methods and codes in docs/identity.md, all
// of docs/cli.md.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withConfigTable } from "./config-table.ts";
import { withIdentityTables } from "./identity-tables.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

rewrite("README.md", withConfigTable);
rewrite("docs/identity.md", withIdentityTables);
// Written last, and only once the whole of it is there.
const reference = execFileSync(process.execPath, ["src/main.ts", "reference"], { cwd: root, encoding: "utf8" });
writeFileSync(join(root, "docs/cli.md"), reference);
console.log("docs/cli.md: written");

function rewrite(path: string, change: (text: string) => string): void {
  const file = join(root, path);
  writeFileSync(file, change(readFileSync(file, "utf8")));
  console.log(`${path}: tables written`);
}
