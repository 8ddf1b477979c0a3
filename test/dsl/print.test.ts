import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import { formatSchema } from "../../src/dsl/print.ts";
import { schemaText } from "./schema-arbitrary.ts";

function format(text: string): string {
  const { text: formatted, diagnostics } = formatSchema(text);
  if (formatted === undefined) {
    throw new Error(renderDiagnostics(text, diagnostics));
  }
  return formatted;
}

describe("random schemas", () => {
  test("formatting keeps every comment once, and twice is the same as once", () => {
    fc.assert(
      fc.property(schemaText, ({ text, comments }) => {
        const once = format(text);
        expect(format(once)).toBe(once);
        const kept: readonly string[] = once.match(/\bc\d+\b/g) ?? [];
        expect(comments.filter((comment) => !kept.includes(comment))).toEqual([]);
        expect(kept.length).toBe(comments.length);
      }),
      { numRuns: 600 },
    );
  });

  test("formatting does not change the compiled schema", () => {
    let compiled = 0;
    fc.assert(
      fc.property(schemaText, ({ text }) => {
        const before = compileSchema(text);
        const after = compileSchema(format(text));
        expect(after.schema).toEqual(before.schema);
        expect(after.diagnostics.map(({ code }) => code).toSorted()).toEqual(
          before.diagnostics.map(({ code }) => code).toSorted(),
        );
        compiled += before.schema === undefined ? 0 : 1;
      }),
      { numRuns: 600 },
    );
    // Or the property would say little.
    expect(compiled).toBeGreaterThan(100);
  });
});
