import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { OrganizationFile } from "./convert.ts";

/** Every `ORGANISATION/org.yaml` and `ORGANISATION/…/teams.yaml` below a folder, in path order. */
export function readOrganizationFolder(folder: string): readonly OrganizationFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(org|teams)\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((file) => ({ path: relative(folder, file).split(sep).join("/"), text: readFileSync(file, "utf8") }))
    .filter(({ path }) => path.includes("/"));
}
