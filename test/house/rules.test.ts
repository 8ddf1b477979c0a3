import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkRules, formatViolation } from "../../tools/rules/check.ts";
import { findCycles } from "../../tools/rules/cycles.ts";
import { parseSource, readSources } from "../../tools/rules/source.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function broken(path: string, text: string, others: readonly string[] = []): readonly string[] {
  const files = [parseSource(path, text), ...others.map((other) => parseSource(other, ""))];
  return checkRules(files).map(formatViolation);
}

describe("the project", () => {
  const files = readSources(root, ["src", "test", "tools", "examples", "bench"]);

  it("was looked at: its files and their imports are found", () => {
    const inSrc = files.filter(({ path }) => path.startsWith("src/"));
    expect(inSrc.length).toBeGreaterThan(50);
    expect(inSrc.reduce((sum, file) => sum + file.imports.length, 0)).toBeGreaterThan(150);
    const verify = files.find(({ path }) => path === "src/config.ts");
    expect(verify?.imports.map(({ specifier }) => specifier)).toContain("./config/settings.ts");
  });

  it("keeps every rule", () => {
    expect(checkRules(files).map(formatViolation)).toEqual([]);
  });
});

describe("a planted violation is found", () => {
  it.each([
    [
      "looking up",
      "src/model/x.ts",
      'import { a } from "../dsl/a.ts";',
      "src/dsl/a.ts",
      "model (rank 1) must not import dsl",
    ],
    [
      "siblings",
      "src/dsl/x.ts",
      'import type { A } from "../engine/a.ts";',
      "src/engine/a.ts",
      "dsl (rank 3) must not",
    ],
    [
      "re-export",
      "src/auth/x.ts",
      'export { a } from "../service/a.ts";',
      "src/service/a.ts",
      "must not import service",
    ],
    ["dynamic", "src/auth/x.ts", 'await import("../rpc/a.ts");', "src/rpc/a.ts", "must not import rpc"],
    [
      "rpc outside its builder",
      "src/cli/x.ts",
      'import { a } from "../rpc/a.ts";',
      "src/rpc/a.ts",
      "by src/cli/serve.ts, ",
    ],
    ["no rank", "src/model/x.ts", 'import { a } from "../stray/a.ts";', "src/stray/a.ts", '"stray" has no rank'],
    [
      "tests from src",
      "src/auth/x.ts",
      'import { a } from "../../test/a.ts";',
      "test/a.ts",
      "src must not import test/a.ts",
    ],
    [
      "a file that is not there",
      "src/auth/x.ts",
      'import { a } from "./gone.ts";',
      "src/auth/a.ts",
      "there is no src/auth/gone.ts",
    ],
  ])("%s", (_, path, text, other, expected) => {
    expect(broken(path, `\n${text}\n`, [other]).join()).toContain(expected);
    expect(broken(path, `\n// ${text}\n`, [other])).toEqual([]);
  });

  const planted: readonly (readonly [path: string, text: string, expected: string])[] = [
    ["src/service/x.ts", 'import pg from "pg";', '"pg" may be imported from storage/postgres/ only'],
    ["src/rpc/x.ts", 'import { jwtVerify } from "jose/jwt/verify";', '"jose" may be imported from'],
    ["src/service/x.ts", 'import { Code } from "@connectrpc/connect";', "may be imported from rpc/, client/ only"],
    ["src/auth/x.ts", 'import _ from "lodash";', '"lodash" has no home in src'],
    [
      "src/engine/x.ts",
      'import { readFile } from "node:fs";',
      'engine is pure and imports no package, so not "node:fs"',
    ],
    ["src/dsl/x.ts", "const now = Date.now();", "time and chance are arguments, not Date.now"],
    ["src/auth/x.ts", "if (process.env) {}", "process.env belongs to src/main.ts"],
    ["src/auth/x.ts", "\nexport default 1;", "default exports have no name"],
    ["src/auth/x.ts", 'export * from "./y.ts";', "`export *` hides"],
    ["src/auth/utils.ts", "", '"utils" says nothing'],
    ["src/auth/index.ts", "", '"index" says nothing'],
    ["src/auth/token-helpers.ts", "", '"token-helpers" says nothing'],
    ["src/auth/apiToken.ts", "", '"apiToken" is not kebab-case'],
    ["src/auth/x.ts", "a;\n".repeat(401), "401 lines, more than 400"],
  ];

  it.each(planted.map(([path, text, expected]) => ({ path, text, expected })))(
    "$path: $expected",
    ({ path, text, expected }) => {
      expect(broken(path, text, ["src/auth/y.ts"]).join("\n")).toContain(expected);
    },
  );

  it("finds a ring of files, through types too, and says its way", () => {
    const files = [
      parseSource("src/auth/a.ts", 'import type { B } from "./b.ts";'),
      parseSource("src/auth/b.ts", 'import { c } from "./c.ts";'),
      parseSource("src/auth/c.ts", 'export { a } from "./a.ts";'),
      parseSource("src/auth/d.ts", 'import { a } from "./a.ts";'),
    ];
    expect(checkRules(files).map(formatViolation)).toEqual([
      "src/auth/a.ts:1: import cycle src/auth/a.ts → src/auth/b.ts → src/auth/c.ts → src/auth/a.ts (cycle)",
    ]);
    expect(findCycles(new Map([["a", ["a"]]]))).toEqual([["a"]]);
    expect(
      findCycles(
        new Map([
          ["a", ["b"]],
          ["b", []],
        ]),
      ),
    ).toEqual([]);
  });

  it("reads code, not comments and strings", () => {
    const text = [
      "/* import { a } from '../dsl/a.ts'; */",
      "const s = 'process.env';",
      'const t = `import x from "pg" process.exit`;',
      "const r = /[/'\"]/g; const u = 'it\\'s process.argv';",
      "// Date.now()",
      'import { b } from "./b.ts"; const v = "x";',
    ].join("\n");
    const file = parseSource("src/engine/x.ts", text);
    expect(file.imports).toEqual([{ specifier: "./b.ts", line: 6 }]);
    expect(checkRules([file, parseSource("src/engine/b.ts", "")])).toEqual([]);
  });
});
