import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compileSchema } from "../../src/dsl/compile.ts";
import { lintSchema } from "../../src/dsl/lint.ts";
import { formatSchema } from "../../src/dsl/print.ts";
import { askInMemory, compileOrThrow, questionOf } from "./ask.ts";
import { parseValidationFile, readValidationFile } from "./validation-file.ts";

const schemaFolder = join(import.meta.dirname, "..", "..", "schema");
const examples = join(schemaFolder, "examples");
const models = readdirSync(examples).filter((name) => name.endsWith(".yaml"));

describe("schema/examples", () => {
  it("holds at least six models, each a .zed and a .yaml", () => {
    expect(models.length).toBeGreaterThanOrEqual(6);
    const schemas = readdirSync(examples).filter((name) => name.endsWith(".zed"));
    expect(schemas.map((name) => name.replace(".zed", ".yaml"))).toEqual(models);
  });

  it.each(models)("%s answers as its assertions say", async (name) => {
    const scenario = readValidationFile(join(examples, name));
    const denials = scenario.assertions.filter(({ allowed }) => !allowed);
    expect(scenario.assertions.length).toBeGreaterThanOrEqual(12);
    expect(denials.length).toBeGreaterThanOrEqual(6);
    const ask = await askInMemory(scenario.schema, scenario.tuples, name);
    const answers = await ask(scenario.assertions.map(({ text }) => questionOf(text)));
    expect(scenario.assertions.map(({ text }, index) => ({ text, allowed: answers[index] }))).toEqual(
      scenario.assertions,
    );
  });

  it.each(models)("%s is formatted, without warnings, documented and storable", (name) => {
    const { schema: text } = readValidationFile(join(examples, name));
    expect(formatSchema(text).text).toBe(text);
    expect(lintSchema(text)).toEqual([]);
    const schema = compileOrThrow(text, name);
    expect([...schema.definitions.values()].filter(({ doc }) => doc !== "").length).toBeGreaterThanOrEqual(2);
  });
});

describe("schema/README.md", () => {
  const text = readFileSync(join(schemaFolder, "README.md"), "utf8");
  const blocks = [...text.matchAll(/^```(zed|zed error|yaml)\n([\s\S]*?)^```$/gm)].map(([, kind, body]) => ({
    kind: kind ?? "",
    body: body ?? "",
  }));

  it("has a schema before every list of assertions", () => {
    expect(blocks.filter(({ kind }) => kind === "zed").length).toBeGreaterThanOrEqual(8);
    expect(blocks.filter(({ kind }) => kind === "yaml").length).toBeGreaterThanOrEqual(8);
    expect(text.match(/^```(zed|yaml)/gm)?.length).toBe(blocks.length);
  });

  it.each(blocks.map((block, index) => ({ ...block, index })))(
    "block $index ($kind) is right",
    async ({ kind, body, index }) => {
      if (kind === "zed error") {
        expect(compileSchema(body).schema).toBeUndefined();
        return;
      }
      if (kind === "zed") {
        compileOrThrow(body, "schema/README.md");
        return;
      }
      const scenario = parseValidationFile(body, () => blocks[index - 1]?.body ?? "");
      expect(scenario.assertions.length).toBeGreaterThan(0);
      const ask = await askInMemory(scenario.schema, scenario.tuples, "schema/README.md");
      const answers = await ask(scenario.assertions.map(({ text: line }) => questionOf(line)));
      expect(scenario.assertions.map((one, at) => ({ text: one.text, allowed: answers[at] }))).toEqual(
        scenario.assertions,
      );
    },
  );
});
