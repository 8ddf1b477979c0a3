import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { escapeXml } from "../../../src/cli/validate/junit.ts";
import { createTempDir, type TempDir } from "../../support/temp-dir.ts";
import { runTestCli } from "../run-cli.ts";
import { parseXml } from "./xml.ts";

let dir: TempDir;
beforeAll(async () => {
  dir = await createTempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

const put = (name: string, text: string) => writeFile(join(dir.path, name), text);

async function junitOf(...files: string[]) {
  const run = await runTestCli(["validate", "--junit", "report.xml", ...files], { cwd: dir.path });
  const suites = parseXml(await readFile(join(dir.path, "report.xml"), "utf8"));
  return { run, suites: suites.children };
}

const GOOD = `schema: |-
  definition user {}
  definition document {
    relation viewer: user
    permission view = viewer
  }
relationships: |-
  document:1#viewer@user:anne
assertions:
  assertTrue: ["document:1#view@user:anne"]
validation:
  document:1#view: ["[user:anne] is <document:1#viewer>"]
`;

test("a suite per file, a case per assertion and expected relation, an error for a file that is none", async () => {
  await put("good.yaml", GOOD);
  await put("wrong.yaml", GOOD.replaceAll("user:anne]", "user:b]").replace('view@user:anne"', 'view@user:b"'));
  await put("broken.yaml", `${GOOD}nonsense: 1\n`);
  await put("model.zed", "definition user {}\n");
  const { run, suites } = await junitOf("good.yaml", "wrong.yaml", "broken.yaml", "model.zed");
  expect(run.exit).toBe(2);
  const counts = suites.map(({ attributes: { name, tests, failures, errors } }) => [name, tests, failures, errors]);
  expect(counts).toEqual([
    ["good.yaml", "2", "0", "0"],
    ["wrong.yaml", "2", "2", "0"],
    ["broken.yaml", "1", "0", "1"],
    ["model.zed", "1", "0", "0"],
  ]);
  for (const { attributes } of suites) expect(attributes["time"]).toMatch(/^\d+\.\d{3}$/);
  const [good, wrong, broken] = suites;
  expect(good?.children.map(({ attributes }) => attributes)).toEqual([
    { name: "document:1#view@user:anne is allowed", classname: "good.yaml", file: "good.yaml", line: "10" },
    { name: "the subjects of document:1#view", classname: "good.yaml", file: "good.yaml", line: "12" },
  ]);
  const [assertion, relation] = wrong?.children.map(({ children }) => children[0]) ?? [];
  expect(assertion).toMatchObject({ name: "failure", attributes: { message: "expected allowed, got denied" } });
  expect(assertion?.text).toContain("- expected allowed\n+ got      denied");
  expect(relation?.attributes["message"]).toBe("1 expected and not so, 1 so and not expected");
  expect(relation?.text).toContain("- [user:b] is <document:1#viewer> (line 12)\n+ [user:anne] is <document:1#viewer>");
  expect(broken?.children[0]?.children[0]).toMatchObject({
    name: "error",
    attributes: { message: "broken.yaml:13: unknown key `nonsense`" },
  });
});

test("names that XML would choke on are escaped", async () => {
  const name = `a&b<c>"d'.yaml`;
  await put(
    name,
    `${GOOD.replace('["document:1#view@user:anne"]', `['document:1#view@user:anne with {"a": "<&>\u0007]]>\\u0000"}']`)}`,
  );
  const { run, suites } = await junitOf(name);
  expect(suites[0]?.attributes["name"]).toBe(name);
  expect(suites[0]?.children[0]?.attributes["classname"]).toBe(name);
  expect({ exit: run.exit, errors: suites[0]?.attributes["errors"] }).toEqual({ exit: 2, errors: "1" });
  expect(suites[0]?.children[0]?.children[0]?.text).toContain(name);
});

test("any text survives, but for what XML cannot hold", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const document = `<?xml version="1.0" encoding="UTF-8"?>\n<a b="${escapeXml(text)}">${escapeXml(text)}</a>`;
      const { attributes, text: read } = parseXml(document);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML cannot hold
      const expected = text.toWellFormed().replace(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, "\ufffd");
      expect(read).toBe(expected);
      expect(attributes["b"]).toBe(expected);
    }),
  );
  expect(escapeXml("\ud800<")).toBe("\ufffd&lt;");
  expect(escapeXml("\ufffe\uffff\u0000\u000b\r\t\n")).toBe(`${"\ufffd".repeat(5)}\t\n`);
});

test("a report that cannot be written is an error", async () => {
  await put("good.yaml", GOOD);
  const run = await runTestCli(["validate", "--junit", "no/such/folder.xml", "good.yaml"], { cwd: dir.path });
  expect(run.exit).toBe(2);
  expect(run.stderr).toMatch(/^error: cannot write no\/such\/folder\.xml/);
});
