import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import { printable } from "../../src/log/flat-line.ts";
import { createLogger } from "../../src/log.ts";

function linesOf(write: (log: ReturnType<typeof createLogger>) => void): readonly string[] {
  const lines: string[] = [];
  write(createLogger({ level: "info", destination: { write: (line) => void lines.push(line) } }));
  return lines;
}

const NAMES = fc.oneof(
  fc.constantFrom("method", "ms", "level", "msg", "err", "token", "cursor", "__proto__", "a b", 'quo"te'),
  fc.string(),
);
const LEAVES = fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.integer(), fc.boolean(), fc.constant(undefined));
const FIELDS = fc.dictionary(
  NAMES,
  fc.oneof({ weight: 5, arbitrary: LEAVES }, fc.constant(null), fc.dictionary(NAMES, LEAVES)),
);

test("a line is what pino writes, quickly or not, made printable", () => {
  const SECRET_FIELDS = ["authorization", "token", "secret", "password", "consistencyToken", "cursor"];
  const written: string[] = [];
  const reference = pino(
    {
      base: null,
      timestamp: () => ',"time":""',
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: "[redacted]" },
    },
    { write: (line) => void written.push(printable(line)) },
  );
  fc.assert(
    fc.property(FIELDS, fc.string(), (fields, message) => {
      const [line = ""] = linesOf((log) => log.warn(fields, message));
      reference.warn(fields, message);
      expect(line.replace(/"time":"[^"]*"/, '"time":""')).toBe(written.pop());
    }),
    { numRuns: 2_000 },
  );
});

test("a secret is not told, at the top or one level down, whatever it is", () => {
  const told = linesOf((log) => {
    log.info({ method: "m", token: "hush" }, "call");
    log.info({ about: { authorization: "hush" } }, "call");
    log.info({ cursor: 1234567 }, "call");
  }).join("");
  expect(told).not.toMatch(/hush|1234567/);
  expect(told.match(/\[redacted\]/g)).toHaveLength(3);
});

test("what the level leaves out costs no line", () => {
  const lines = linesOf((log) => {
    log.debug({ code: "ok" }, "call");
    log.info({ code: "ok" }, "call");
  });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: "info", code: "ok", msg: "call" }]);
});

test.each([
  ["ends in the same turn", "process.exit(3)", 3],
  ["ends by an exception", "throw new Error('meant')", 1],
  ["goes on", "setTimeout(() => {}, 1)", 0],
])("standard output gets every line of a process that %s", (_, end, status) => {
  const module = JSON.stringify(join(import.meta.dirname, "../../src/log.ts"));
  const program = `
    import { createLogger } from ${module};
    const log = createLogger({ level: "info" });
    for (let n = 0; n < 3; n++) log.info({ n }, "line");
    ${end};`;
  const run = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  expect(run.status).toBe(status);
  const lines = run.stdout.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).n)).toEqual([0, 1, 2]);
});

test("nothing that a terminal obeys is in a line, and nothing is lost", () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
  const text = "a\u001b[2J\u009b31m\u007f\u0085\u2028\u202egnp.exe\u2066";
  for (const fields of [{ text }, { deep: { text } }, { [text]: 1 }]) {
    const lines = linesOf((log) => log.warn(fields, text));
    expect(lines.join("")).not.toMatch(obeyed);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ ...fields, msg: text }]);
  }
});
