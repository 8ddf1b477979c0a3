import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compileSchema } from "../../src/dsl/compile.ts";
import { lintSchema } from "../../src/dsl/lint.ts";
import { formatSchema } from "../../src/dsl/print.ts";
import { compileOrThrow, decideInMemory, itemOf } from "./ask.ts";
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
    const denials = scenario.assertions.filter(({ kind }) => kind === "denied");
    expect(scenario.assertions.length).toBeGreaterThanOrEqual(12);
    expect(denials.length).toBeGreaterThanOrEqual(6);
    const decide = await decideInMemory(scenario.schema, scenario.tuples, name);
    const answers = await decide(scenario.assertions.map(({ text }) => itemOf(text)));
    expect(scenario.assertions.map(({ text }, index) => ({ text, kind: answers[index] }))).toEqual(scenario.assertions);
  });

  it.each(models)("%s is formatted, without warnings, documented and storable", (name) => {
    const { schema: text } = readValidationFile(join(examples, name));
    expect(formatSchema(text).text).toBe(text);
    expect(lintSchema(text)).toEqual([]);
    const schema = compileOrThrow(text, name);
    expect([...schema.definitions.values()].filter(({ doc }) => doc !== "").length).toBeGreaterThanOrEqual(2);
  });
});

it("two models have caveats and grants that end, and one says who its subjects are", () => {
  const texts = models.map((name) => readFileSync(join(examples, name), "utf8"));
  const schemas = models.map((name) => readValidationFile(join(examples, name)).schema);
  expect(schemas.filter((text) => /^caveat /m.test(text) && text.includes("with expiration")).length).toBeGreaterThan(
    1,
  );
  expect(texts.filter((text) => text.includes("assertCaveated:")).length).toBeGreaterThan(1);
  expect(texts.filter((text) => /^validation:/m.test(text)).length).toBeGreaterThan(0);
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
      const decide = await decideInMemory(scenario.schema, scenario.tuples, "schema/README.md");
      const answers = await decide(scenario.assertions.map(({ text: line }) => itemOf(line)));
      expect(scenario.assertions.map((one, at) => ({ text: one.text, kind: answers[at] }))).toEqual(
        scenario.assertions,
      );
    },
  );
});
