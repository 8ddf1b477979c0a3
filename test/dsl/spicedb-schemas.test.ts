import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { compileSchema } from "../../src/dsl/compile.ts";
import { renderDiagnostics } from "../../src/dsl/diagnostic.ts";
import { formatSchema } from "../../src/dsl/print.ts";

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
    });
  },
);
