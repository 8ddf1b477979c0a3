import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBaseline, writeBaseline } from "../../../bench/gate/baseline.ts";
import { runGate } from "../../../bench/gate/gate-command.ts";
import { type GateRun, judgeGate } from "../../../bench/gate/judge-gate.ts";
import type { Figure } from "../../../bench/report/report.ts";
import { WORKLOAD_NAMES } from "../../../bench/workloads/workloads.ts";

const COMMITTED = join(import.meta.dirname, "..", "..", "..", "bench", "baseline.json");
const committed = await readBaseline(COMMITTED);
let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "relata-gate-"));
});
afterAll(() => rm(directory, { recursive: true }));

/** A run that finds what the committed baseline has. */
const same: GateRun = {
  node: committed.node,
  figures: Object.entries(committed.figures).map(([id, value]): Figure => {
    const isRatio = id.startsWith("rpc/");
    const unit = id.endsWith("_bytes") ? "bytes" : "";
    return {
      id,
      what: id,
      unit,
      kind: isRatio ? "ratio" : "count",
      better: isRatio ? "more" : "less",
      samples: [value],
    };
  }),
};

/** One in which a figure has become another. */
function changed(id: string, change: (value: number) => number): GateRun {
  const figures = same.figures.map((figure) =>
    figure.id === id ? { ...figure, samples: figure.samples.map(change) } : figure,
  );
  return { ...same, figures };
}

describe("the gate", () => {
  it("passes what is as the committed baseline has it, which has every workload", () => {
    const { passed, text } = judgeGate(committed, same);
    expect([passed, text]).toEqual([
      true,
      expect.stringMatching(/^bench gate: \d+ counted figures, 0 worse, 0 better: passed$/),
    ]);
    const ids = Object.keys(committed.figures);
    for (const workload of WORKLOAD_NAMES)
      for (const measure of ["nodes", "rows", "allocated_bytes"])
        expect(ids).toContain(`engine/${workload}/${measure}`);
  });

  it.each([
    ["engine/documents/nodes", 1.03],
    ["engine/documents/allocated_bytes", 1.06],
    ["service/documents/sql_statements", 1.1],
    ["rpc/documents/check_vs_echo_cpu", 0.59],
  ])("fails when %s is %d times the baseline's, and says what and by how much", (id, times) => {
    const { passed, text } = judgeGate(
      committed,
      changed(id, (value) => value * times),
    );
    expect(passed).toBe(false);
    const line = text.split("\n").find((one) => one.trim().startsWith(id));
    expect(line).toContain(
      `${times > 1 ? "+" : ""}${((times - 1) * 100).toFixed(times > 1 && times < 1.0995 ? 1 : 0)} %`,
    );
    expect(text).toContain("1 figures are worse than bench/baseline.json");
    expect(text).toContain("npm run bench -- gate --write");
  });

  it.each([
    ["engine/documents/nodes", 1.015],
    ["engine/documents/allocated_bytes", 1.04],
    ["rpc/documents/check_vs_echo_cpu", 0.61],
  ])("lets %s be %d times the baseline's", (id, times) => {
    expect(
      judgeGate(
        committed,
        changed(id, (value) => value * times),
      ),
    ).toMatchObject({ passed: true });
  });

  it("passes what has become better, and asks for the baseline to be renewed", () => {
    const { passed, text } = judgeGate(
      committed,
      changed("engine/documents/nodes", (value) => value / 2),
    );
    expect(passed).toBe(true);
    expect(text).toContain("1 figures are better");
    expect(text).toContain("npm run bench -- gate --write");
  });

  it("fails when a figure is new or gone", () => {
    const fewer = { ...same, figures: same.figures.slice(1) };
    expect(judgeGate(committed, fewer)).toMatchObject({
      passed: false,
      text: expect.stringContaining("1 figures are in the baseline and were not measured: engine/documents/nodes"),
    });
    const older = { ...committed, figures: Object.fromEntries(Object.entries(committed.figures).slice(1)) };
    expect(judgeGate(older, same)).toMatchObject({
      passed: false,
      text: expect.stringContaining("1 figures were measured and are not in the baseline: engine/documents/nodes"),
    });
  });

  it("does not judge the allocations of another Node", () => {
    const other = { ...changed("engine/documents/allocated_bytes", (value) => value * 2), node: "v25.0.0" };
    expect(judgeGate(committed, other)).toMatchObject({
      passed: true,
      text: expect.stringContaining(`the baseline is of Node ${committed.node}, this is v25.0.0`),
    });
  });
});

describe("the baseline", () => {
  it("is read as it was written", async () => {
    const file = join(directory, "baseline.json");
    await writeBaseline(file, committed);
    expect(await readBaseline(file)).toEqual(committed);
  });

  it.each([
    ["missing", undefined, "gate --write"],
    ["damaged", '{"node": 1}', "is damaged"],
  ])("that is %s is refused before anything is measured", async (name, text, message) => {
    const file = join(directory, name);
    if (text !== undefined) await writeFile(file, text);
    const context = { databaseUrl: "postgres://nobody@127.0.0.1:1/none", print: () => undefined };
    await expect(runGate(["--baseline", file], context)).rejects.toThrow(message);
  });
});
