import { describe, expect, test } from "vitest";
import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import { diffSchemas } from "../../src/dsl/diff.ts";
import { compileWithImports } from "../../src/dsl/imports.ts";

function resolve(files: Record<string, string>, entry = "main.zed") {
  const asked: string[] = [];
  const result = compileWithImports(entry, (path) => {
    asked.push(path);
    return files[path];
  });
  return { ...result, asked, rendered: renderDiagnostics(result.sources, result.diagnostics) };
}

describe("imports", () => {
  test("imported definitions come first, a file imported twice counts once", () => {
    const { schema, asked, bundle } = resolve({
      "main.zed":
        'use import\nimport "parts/groups.zed"\nimport "./users.zed"\ndefinition document { relation viewer: user | group#member }',
      "parts/groups.zed":
        'use import\nimport "deep/base.zed"\n// Teams.\ndefinition group { relation member: user | base }',
      "parts/deep/base.zed": "definition base {}",
      "users.zed": "definition user {}",
    });
    expect(asked).toEqual(["main.zed", "parts/groups.zed", "parts/deep/base.zed", "users.zed"]);
    expect([...(schema?.definitions.keys() ?? [])]).toEqual(["base", "group", "user", "document"]);
    expect(bundle).toBe(
      "definition base {}\n\n// Teams.\ndefinition group {\n  relation member: user | base\n}\n\ndefinition user {}\n\ndefinition document {\n  relation viewer: user | group#member\n}\n",
    );
  });

  test("partials and flags of other files go into the bundle, which compiles to the same", () => {
    const { schema, bundle } = resolve({
      "main.zed": 'use import\nuse partial\nimport "a.zed"\nimport "b.zed"\ndefinition d { ...shared }',
      "a.zed": "use partial\nuse expiration\ndefinition user {}\npartial shared { relation r: user with expiration }",
      "b.zed": "definition b {}",
    });
    const again = compileSchema(bundle ?? "");
    expect(again.diagnostics).toEqual([]);
    expect(schema !== undefined && again.schema !== undefined && diffSchemas(schema, again.schema)).toEqual([]);
    expect(bundle?.startsWith("use expiration\nuse partial\n\ndefinition user {}")).toBe(true);
  });

  test("a file alone is its own bundle, as written", () => {
    const text = "definition   user{}";
    expect(resolve({ "main.zed": text }).bundle).toBe(text);
  });

  test("a flag that would make a keyword of another file's name is refused", () => {
    const { schema, bundle, rendered } = resolve({
      "main.zed": 'use import\nuse self\nimport "a.zed"\ndefinition d { permission p = self }',
      "a.zed": "definition user { relation self: user; permission p = self }",
    });
    expect([schema, bundle]).toEqual([undefined, undefined]);
    expect(rendered).toContain("[use-flag-conflict]");
  });

  test("errors name the file they are in", () => {
    const { schema, rendered } = resolve({
      "main.zed": 'use import\nimport "a.zed"\ndefinition user {}\ndefinition d { relation r: user#x }',
      "a.zed": "definition a {\n  relation r: usr\n}\ndefinition user {}",
    });
    expect(schema).toBeUndefined();
    expect(rendered).toBe(`main.zed:3:12: error: the name "user" is taken by a definition [duplicate-name]
  3 | definition user {}
    |            ^^^^
    = the first is at a.zed:4:12; definitions, caveats and partials share one set of names

main.zed:4:33: error: "x" is neither a relation nor a permission of user [unknown-relation]
  4 | definition d { relation r: user#x }
    |                                 ^

a.zed:2:15: error: there is no definition "usr" [unknown-definition]
  2 |   relation r: usr
    |               ^^^
    = did you mean "user"?
`);
  });

  test("files in a circle", () => {
    const { schema, rendered } = resolve({
      "main.zed": 'use import\nimport "a.zed"',
      "a.zed": 'use import\nimport "b.zed"',
      "b.zed": 'use import\nimport "a.zed"',
    });
    expect(schema).toBeUndefined();
    expect(rendered).toContain(
      "b.zed:2:8: error: files cannot import each other in a circle: a.zed -> b.zed -> a.zed [import-cycle]",
    );
  });

  test.each(["../up.zed", "/etc/schema.zed", "a/../../b.zed", "C:\\\\x.zed", "a//b.zed", ""])(
    "path %j is refused unread",
    (path) => {
      const { asked, rendered } = resolve({
        "main.zed": `use import\nimport "${path}"\ndefinition d { relation r: elsewhere }`,
      });
      expect(asked).toEqual(["main.zed"]);
      expect(rendered).toContain("[import-path]");
      // What a missing file may define is not reported as unknown.
      expect(rendered).not.toContain("unknown-definition");
    },
  );

  test("a missing file is named where it is imported", () => {
    expect(
      resolve({ "main.zed": 'use import\nimport "gone.zed"\ndefinition d { relation r: elsewhere }' }).rendered,
    ).toBe(
      'main.zed:2:8: error: there is no file "gone.zed" [import-not-found]\n  2 | import "gone.zed"\n    |        ^^^^^^^^^^\n',
    );
    expect(resolve({}).rendered).toContain('main.zed:1:1: error: there is no file "main.zed" [import-not-found]');
  });
});
