// Writes the parts of the documentation that come from the code: the table of settings in README.md.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withConfigTable } from "./config-table.ts";

const readme = join(dirname(dirname(fileURLToPath(import.meta.url))), "README.md");
writeFileSync(readme, withConfigTable(readFileSync(readme, "utf8")));
console.log("README.md: settings written");
