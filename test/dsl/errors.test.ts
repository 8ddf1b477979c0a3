import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import { lintSchema } from "../../src/dsl/lint.ts";

/**
 * Each schema/errors/x.zed has what people get to see for it in x.expected: errors, or warnings for lint-*.zed.
 * To write the expectations anew: RELATA_REWRITE_EXPECTED=1 vitest run test/dsl/errors.test.ts
 */
const folder = new URL("../../schema/errors/", import.meta.url);
const rewrite = process.env["RELATA_REWRITE_EXPECTED"] === "1";

const files = readdirSync(folder).sort();
const cases = files.filter((file) => file.endsWith(".zed")).map((file) => file.slice(0, -".zed".length));

function render(name: string): string {
  const file = `${name}.zed`;
  const text = readFileSync(new URL(file, folder), "utf8");
  const diagnostics = name.startsWith("lint-") ? lintSchema(text, { file }) : compileSchema(text, { file }).diagnostics;
  return renderDiagnostics(text, diagnostics);
}

describe("schema/errors", () => {
  if (rewrite) {
    for (const file of files.filter((name) => name.endsWith(".expected"))) {
      rmSync(new URL(file, folder));
    }
    for (const name of cases) {
      writeFileSync(new URL(`${name}.expected`, folder), render(name));
    }
  }

  test.each(cases)("%s", (name) => {
    expect(render(name)).toBe(readFileSync(new URL(`${name}.expected`, folder), "utf8"));
  });

  test("has a schema for each expectation", () => {
    expect(cases.length).toBeGreaterThanOrEqual(40);
    const expected = readdirSync(folder).filter((file) => file.endsWith(".expected"));
    expect(expected.toSorted()).toEqual(cases.map((name) => `${name}.expected`));
  });
});
