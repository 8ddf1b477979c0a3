import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The text of a file of schema/examples, which is two folders up in a clone and three in the package. */
export function exampleSchema(file: string): string {
  const root = dirname(dirname(import.meta.dirname));
  const inClone = join(root, "schema", "examples", file);
  return readFileSync(existsSync(inClone) ? inClone : join(dirname(root), "schema", "examples", file), "utf8");
}
