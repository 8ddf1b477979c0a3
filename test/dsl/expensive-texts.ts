import { expect } from "vitest";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import { lintSchema } from "../../src/dsl/lint.ts";
import { formatSchema } from "../../src/dsl/print.ts";

const MB = 1024 * 1024;
const user = "definition user { relation a: user\n";

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join("");

/** By what makes them expensive, up to the largest text there may be (`scale` 1). */
export const EXPENSIVE: Readonly<Record<string, (scale: number) => string>> = {
  braces: (scale) => "{".repeat(2 * MB * scale),
  parentheses: (scale) => `${user} permission p = ${"(".repeat(2 * MB * scale)}`,
  quotes: (scale) => '"'.repeat(2 * MB * scale),
  "one long text": (scale) => `use import\nimport "${"x".repeat(2 * MB * scale)}`,
  comments: (scale) => "/*".repeat(MB * scale),
  "many comments": (scale) => "// x\n".repeat(300_000 * scale),
  "one long name": (scale) => `definition ${"x".repeat(2 * MB * scale)} {}`,
  "open caveats": (scale) => "caveat c(a int) {\n".repeat(100_000 * scale),
  "a long union": (scale) => `${user} permission p = ${"a + ".repeat(300_000 * scale)}a }`,
  "a long exclusion": (scale) => `${user} permission p = ${"a - ".repeat(300_000 * scale)}a }`,
  "unknown names": (scale) => `definition user {\n${lines(100_000 * scale, (i) => `permission p${i} = q${i}\n`)}}`,
  "a chain of permissions": (scale) =>
    `${user}permission p0 = a\n${lines(90_000 * scale, (i) => `permission p${i + 1} = p${i}\n`)}}`,
  "a circle of permissions": (scale) => {
    const count = 50_000 * scale;
    return `${user}${lines(count, (i) => `permission p${i} = p${(i + 1) % count} + a\n`)}}`;
  },
  "a subtracting circle": (scale) => {
    const count = 50_000 * scale;
    return `${user}${lines(count, (i) => `permission p${i} = a - p${(i + 1) % count}\n`)}}`;
  },
  "many definitions": (scale) => lines(100_000 * scale, (i) => `definition d${i} {}\n`),
  "many types times many targets": (scale) => {
    const types = 1_500 * scale;
    return `${lines(types, (i) => `definition d${i} {}\n`)}definition top {\nrelation r: ${lines(types, (i) => `d${i} |\n`)} top\n${lines(20_000 * scale, (i) => `permission p${i} = r->p${i + 1}\n`)}}`;
  },
  "partials taken in everywhere": (scale) =>
    `use partial\n${user}}\npartial big {\n${lines(5_000 * scale, (i) => `relation r${i}: user\n`)}}\n${lines(5_000 * scale, (i) => `definition d${i} { ...big }\n`)}`,
  "partials that double": () =>
    `use partial\npartial p0 { relation a: user }\n${lines(60, (i) => `partial p${i + 1} { ...p${i}; ...p${i} }\n`)}definition user { ...p60 }`,
  "deep annotations": (scale) => {
    const types = 1_500 * scale;
    return `use typechecking\n${lines(types, (i) => `definition d${i} { relation r: d${i} | d${(i + 1) % types}#r\npermission p: d0 = r }\n`)}`;
  },
  "many warnings": (scale) =>
    `${"// x\n".repeat(50_000 * scale)}${user}relation b: user\n${lines(30_000 * scale, (i) => `permission p${i} = a + b & a\n`)}}\n${lines(20_000 * scale, (i) => `definition d${i} { relation a: user; permission p = a - a + a }\n`)}`,
  "too large": () => "x".repeat(5 * MB),
};

export function compileExpensive(text: string): void {
  const started = performance.now();
  // Compiles first.
  renderDiagnostics(text, lintSchema(text));
  formatSchema(text);
  // A quadratic step over the largest would take minutes; alone on a core each takes well under a second or two.
  expect(performance.now() - started).toBeLessThan(15_000);
}
