import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import { formatSchema } from "../../src/dsl/print.ts";
import { unsupportedFeatures } from "../../src/dsl/supported.ts";

describe("unsupportedFeatures", () => {
  test("names each place with a caveat or an expiration", () => {
    const text = `use expiration
definition user {}
caveat late(hour int) { hour > 18 }
definition document {
  relation viewer: user | user with late
  relation editor: user with late and expiration
}
`;
    const { schema } = compileSchema(text, { file: "a.zed" });
    const found = schema === undefined ? [] : unsupportedFeatures(schema);
    expect(
      renderDiagnostics(text, found),
    ).toBe(`a.zed:3:8: error: caveats are not evaluated yet, and the schema has caveat "late" [unsupported-caveat]
  3 | caveat late(hour int) { hour > 18 }
    |        ^^^^
    = leave caveats out of the schema for now

a.zed:5:27: error: caveats are not evaluated yet, and relation "viewer" of document allows user with late [unsupported-caveat]
  5 |   relation viewer: user | user with late
    |                           ^^^^^^^^^^^^^^
    = allow user without it for now

a.zed:6:20: error: expiration is not evaluated yet, and relation "editor" of document allows user with late and expiration [unsupported-expiration]
  6 |   relation editor: user with late and expiration
    |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    = allow user without it for now
`);
  });

  test("finds nothing in a schema without them", () => {
    const { schema } = compileSchema("use expiration\ndefinition user { relation friend: user | user:* }");
    expect(schema === undefined ? undefined : unsupportedFeatures(schema)).toEqual([]);
  });
});

const scenarios = new URL("../../../shared/conformance/spicedb/", import.meta.url);

describe.skipIf(!existsSync(scenarios))(
  "schemas of SpiceDB's scenarios (skipped where ../shared/conformance is missing)",
  () => {
    const files = existsSync(scenarios) ? readdirSync(scenarios).filter((file) => file.endsWith(".yaml")) : [];

    test.each(files)("%s compiles, and formatted to the same", (file) => {
      const { schema: text } = parse(readFileSync(new URL(file, scenarios), "utf8")) as { schema: string };
      const { schema, diagnostics } = compileSchema(text, { file });
      expect(renderDiagnostics(text, diagnostics)).toBe("");
      expect(compileSchema(formatSchema(text).text ?? "").schema).toEqual(schema);
      const uses = /\bcaveat\b|with expiration/.test(text);
      expect(schema !== undefined && unsupportedFeatures(schema).length > 0).toBe(uses);
    });
  },
);
