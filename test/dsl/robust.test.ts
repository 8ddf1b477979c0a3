import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileSchema } from "../../src/dsl/compile.ts";
import { type Diagnostic, MAX_DIAGNOSTICS, renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import { createLexer } from "../../src/dsl/lexer.ts";
import { formatSchema } from "../../src/dsl/print.ts";
import { compileExpensive, EXPENSIVE } from "./expensive-texts.ts";
import { schemaText } from "./schema-arbitrary.ts";

/** What must hold whatever the text. */
function compileAnything(text: string): readonly Diagnostic[] {
  const { schema, diagnostics } = compileSchema(text);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  expect(schema === undefined).toBe(errors.length > 0);
  expect(diagnostics.length).toBeLessThanOrEqual(MAX_DIAGNOSTICS);
  const lines = text.split("\n");
  for (const { start, end, line, column, code, message } of diagnostics) {
    expect(0 <= start && start <= end && end <= text.length, `${code} at ${start}-${end} of ${text.length}`).toBe(true);
    const before = text.slice(0, start).split("\n");
    expect(line).toBe(before.length);
    expect(column).toBe([...(before.at(-1) ?? "")].length + 1);
    expect(lines.length).toBeGreaterThanOrEqual(line);
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(message).not.toBe("");
  }
  renderDiagnostics(text, diagnostics);
  return diagnostics;
}

const fragments = [
  ..."{ } ( ) < > : ; , | * # . ... -> - + & = / // /* */ \" ' \n \r\n \t @ \u00a0 é 日 🙂 \u0000 \ufeff".split(" "),
  ..."definition caveat relation permission nil self with use expiration partial import and any all user x".split(" "),
  "\n",
  "\n  relation ",
  "\n  permission p = ",
  "definition user {}\n",
  "caveat c(a int) { a",
];

describe("any text at all gives a schema or diagnostics", () => {
  test("fragments of the language in any order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...fragments), { maxLength: 60 }),
        fc.constantFrom("", " "),
        (parts, glue) => {
          compileAnything(parts.join(glue));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        compileAnything(new TextDecoder().decode(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  test("schemas with pieces cut out, doubled or put in elsewhere", () => {
    const edit = fc.record({ at: fc.nat(), length: fc.nat({ max: 30 }), text: fc.constantFrom("", ...fragments) });
    fc.assert(
      fc.property(schemaText, fc.array(edit, { minLength: 1, maxLength: 4 }), ({ text }, edits) => {
        let mutated = text;
        for (const { at, length, text: inserted } of edits) {
          const from = at % (mutated.length + 1);
          mutated = mutated.slice(0, from) + inserted + mutated.slice(from + length);
        }
        compileAnything(mutated);
        const formatted = formatSchema(mutated).text;
        if (formatted !== undefined) {
          expect(formatSchema(formatted).text).toBe(formatted);
        }
      }),
      { numRuns: 400 },
    );
  });

  test("tokens and comments lie in order and leave only white space between them", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...fragments), fc.string()), { maxLength: 40 }), (parts) => {
        const text = parts.join("");
        const lexer = createLexer(text);
        const tokens = [];
        do {
          tokens.push(lexer.next());
        } while (tokens.at(-1)?.kind !== "end");
        const all = [...tokens, ...lexer.comments].toSorted((a, b) => a.start - b.start || a.end - b.end);
        let end = 0;
        for (const piece of all) {
          expect(text.slice(end, piece.start)).toMatch(/^[ \t\r\n\f\v\ufeff]*$/);
          expect(text.slice(piece.start, piece.end)).toBe(piece.text);
          end = piece.end;
        }
        expect(end).toBe(text.length);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("texts made to be expensive are refused or compiled quickly", () => {
  // A fifth of the largest that is taken; robust.long.ts has all of it. What is quadratic in one of these takes minutes there.
  test.each(Object.entries(EXPENSIVE))("%s", (_, text) => compileExpensive(text(0.2)));
});
