import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBench } from "../../../bench/command.ts";
import type { ComparedReport } from "../../../bench/compare/read-report.ts";
import { runTestCli } from "../../cli/run-cli.ts";
import { ratio, report } from "./synthetic.ts";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "relata-compare-"));
});
afterAll(() => rm(cwd, { recursive: true }));

const FAST = [
  ratio("rpc/documents/check_vs_echo", [0.8, 0.81, 0.82]),
  ratio("rpc/documents/json_vs_echo", [0.5, 0.5, 0.5]),
];
const SLOW = [
  ratio("rpc/documents/check_vs_echo", [0.6, 0.61, 0.62]),
  ratio("rpc/documents/json_vs_echo", [0.5, 0.5, 0.5]),
];

async function write(name: string, value: unknown): Promise<void> {
  await writeFile(join(cwd, name), JSON.stringify(value));
}

async function compare(a: unknown, b: unknown, ...flags: readonly string[]) {
  await write("a.json", a);
  await write("b.json", b);
  const lines: string[] = [];
  const context = { cwd, databaseUrl: undefined, print: (line: string) => void lines.push(line) };
  const code = await runBench(["compare", "a.json", "b.json", ...flags], context);
  return { code, text: lines.join("\n") };
}

const full = (figures: ComparedReport["figures"], more: Partial<ComparedReport> = {}) => ({
  format: 2,
  ...report(figures, more),
});

describe("npm run bench -- compare", () => {
  it("ends with 0 when nothing is worse", async () => {
    const { code, text } = await compare(full(FAST), full(FAST));
    expect(code).toBe(0);
    expect(text).toContain("0 worse, 0 better, 2 unchanged");
  });

  it("ends with 1 and says what is worse, by how much, and from where on it is judged", async () => {
    const { code, text } = await compare(full(FAST), full(SLOW));
    expect(code).toBe(1);
    const line = text.split("\n").find((one) => one.includes("check_vs_echo"));
    expect(line?.trim().split(/\s{2,}/)).toEqual([
      "rpc/documents/check_vs_echo",
      "0.81",
      "0.61",
      "-25 %",
      "1.5 %",
      "-13 %",
    ]);
    expect(text).toContain("1 worse, 0 better, 1 unchanged");
  });

  it("ends with 0 and says so when something is better", async () => {
    const { code, text } = await compare(full(SLOW), full(FAST));
    expect(code).toBe(0);
    expect(text).toMatch(/^better: 1$/m);
  });

  it("ends with 1 when an answer of B is wrong, and refuses an A with wrong answers", async () => {
    const wrong = full(FAST, { answers: { compared: 2, wrong: ["document:1#view@user:1"] } });
    expect(await compare(full(FAST), wrong)).toMatchObject({
      code: 1,
      text: expect.stringContaining("1 answers of B are WRONG"),
    });
    await expect(compare(wrong, full(FAST))).rejects.toThrow("1 answers of A are wrong: document:1#view@user:1");
  });

  it("refuses runs of other settings, naming them, and compares them when told to", async () => {
    const other = full(FAST, { mode: "normal", settings: { rounds: 7, calls: 5 } });
    await expect(compare(full(FAST), other)).rejects.toThrow(
      /the mode is quick in A and normal in B\s+rounds is 3 in A and 7 in B\s+calls is not set in A and 5 in B\s+--anyway/,
    );
    const { code, text } = await compare(full(FAST), other, "--anyway");
    expect(code).toBe(0);
    expect(text).toContain("compared anyway, although rounds is 3 in A and 7 in B");
  });

  it("compares a run that was made slower on purpose, and says so", async () => {
    const slowed = full(SLOW, { settings: { rounds: 3, slowSolver: 0.2 } });
    const { code, text } = await compare(full(FAST), slowed);
    expect(code).toBe(1);
    expect(text).toContain("slowSolver is not set in A and 0.2 in B");
  });

  it("refuses runs that share no figure, whatever it was told", async () => {
    const other = full([ratio("storage/documents/fill", [1, 1, 1])], { settings: { rounds: 3, layers: ["storage"] } });
    await expect(compare(full(FAST), other, "--anyway")).rejects.toThrow("have no figure in common");
  });

  it("compares runs of other layers and machines, saying so, but no times of other machines", async () => {
    const there = { ...full(FAST).machine, cpu: "y", loadBefore: 7 };
    const other = full(FAST, { settings: { rounds: 3, layers: ["rpc"] }, machine: there });
    const { code, text } = await compare(full(FAST), other);
    expect(code).toBe(0);
    expect(text).toContain("note: cpu: x in A, y in B");
    expect(text).toContain('note: layers is not set in A and ["rpc"] in B');
    expect(text).toContain("note: other programs were at work when B began: load 7.0");
    await expect(compare(full(FAST), other, "--times")).rejects.toThrow("times of unlike machines are not judged");
  });

  it("writes everything as JSON", async () => {
    const { text } = await compare(full(FAST), full(SLOW), "--json", "c.json");
    expect(text).toContain("1 worse");
    const written = JSON.parse(await readFile(join(cwd, "c.json"), "utf8"));
    expect(written.figures[0]).toMatchObject({ id: "rpc/documents/check_vs_echo", a: 0.81, b: 0.61, verdict: "worse" });
    const shown = await compare(full(FAST), full(SLOW), "--json", "-");
    expect(JSON.parse(shown.text)).toEqual(written);
  });

  it("shows ten of what is not judged, and all when told to", async () => {
    const times = Array.from({ length: 12 }, (_, index) => ({
      ...ratio(`t${index}`, [1, 1, 1]),
      kind: "time" as const,
    }));
    const short = await compare(full(times), full(times));
    expect(short.text).toContain("not judged: 12, of which the 10 most changed");
    expect(short.text).not.toContain("t11");
    expect((await compare(full(times), full(times), "--all")).text).toContain("t11");
  });

  it("reads what stands for no number as nothing", async () => {
    const nothing = [{ ...ratio("x", []), samples: [null] }];
    const { code, text } = await compare({ ...full([]), figures: nothing }, { ...full([]), figures: nothing });
    expect([code, text]).toEqual([0, expect.stringContaining("1 not judged")]);
  });

  it.each([
    [
      "a report of another format",
      { ...full(FAST), format: 1 },
      "a.json is a report of format 1, and this is a bench of format 2",
    ],
    ["something else", { name: "relata" }, "a.json is no report of the bench"],
    ["a report with a hole", { ...full(FAST), figures: [{ id: "x" }] }, "a.json is damaged at figures.0.what"],
    [
      "an id that is there twice",
      full([...FAST, ...FAST]),
      "a.json has two figures of the id rpc/documents/check_vs_echo",
    ],
    ["a report of nothing", full([]), "A has no figures"],
  ])("refuses %s", async (_, a, message) => {
    await expect(compare(a, full(FAST))).rejects.toThrow(message);
  });
});

describe("relata bench compare", () => {
  it("tells with its exit code", async () => {
    await write("fast.json", full(FAST));
    await write("slow.json", full(SLOW));
    const [fast, slow] = [join(cwd, "fast.json"), join(cwd, "slow.json")];
    expect(await runTestCli(["bench", "compare", fast, slow])).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining("1 worse"),
    });
    expect(await runTestCli(["bench", "compare", slow, fast])).toMatchObject({ exit: 0 });
    const missing = await runTestCli(["bench", "compare", fast, join(cwd, "none.json")]);
    expect(missing).toMatchObject({ exit: 2, stderr: expect.stringContaining("none.json cannot be read: ENOENT") });
    const single = await runTestCli(["bench", "compare", fast]);
    expect(single).toMatchObject({ exit: 2, stderr: expect.stringContaining("compare takes two reports") });
  });
});
