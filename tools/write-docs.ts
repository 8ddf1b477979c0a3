// Writes the parts of the documentation that come from the code: the settings in README.md, methods and codes in docs/identity.md.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withConfigTable } from "./config-table.ts";
import { withIdentityTables } from "./identity-tables.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

rewrite("README.md", withConfigTable);
rewrite("docs/identity.md", withIdentityTables);

function rewrite(path: string, change: (text: string) => string): void {
  const file = join(root, path);
  writeFileSync(file, change(readFileSync(file, "utf8")));
  console.log(`${path}: tables written`);
}
