import { describe, expect, inject, it } from "vitest";
import { amountsOf } from "../../bench/layer-options.ts";
import { formatFigure } from "../../bench/report/format.ts";
import { renderHtml } from "../../bench/report/html/render-html.ts";
import { toJson } from "../../bench/report/json.ts";
import { renderMarkdown } from "../../bench/report/markdown.ts";
import { NO_PLOTS } from "../../bench/report/plots.ts";
import { renderReport } from "../../bench/report/table.ts";
import { runLayers } from "../../bench/run-layers.ts";
import "../support/postgres-global.ts";

const TINY = {
  tenantTuples: 2_000,
  questions: 400,
  rounds: 1,
  roundMs: 300,
  calls: 1_000,
  workloads: ["documents"] as const,
};
/** The server of the tests: the bench makes a database of its own there. */
const databaseUrl = () => inject("testCluster").admin.url;

describe("npm run bench -- engine storage", () => {
  it("compares every answer and writes what it has found", async () => {
    const printed: string[] = [];
    const report = await runLayers({
      ...TINY,
      layers: ["engine", "storage"],
      sizes: [1_000, 2_000],
      mode: "quick",
      doctored: false,
      databaseUrl: databaseUrl(),
      print: (line) => printed.push(line),
    });
    const found = JSON.parse(toJson(report));
    expect(found.answers.wrong).toEqual([]);
    const { engine, storage } = found.layers;
    // Each question once at each size, and of the fill; the rest is as many as there was time for.
    expect(engine.workloads[0].answers.compared).toBe(2 * TINY.questions);
    const { againstSql, underChanges } = engine;
    const timed = [againstSql.compared, underChanges.compared, storage.statements.compared];
    expect(timed.filter((count) => !(count > 0))).toEqual([]);
    const compared = timed.reduce((sum, count) => sum + count, 2 * TINY.questions + 10_000);
    expect(found.answers.compared).toBe(compared);
    expect(Object.keys(found.layers)).toEqual(["engine", "storage"]);
    expect(found.machine).toMatchObject({ node: process.version, postgres: expect.stringMatching(/^\d+/) });
    const positive = [
      found.bytes_per_tuple,
      found.fill_tuples_per_second,
      found.longest_apply_ms,
      found.ratios.median_2000_vs_1000,
      found.ratios.p99_vs_median,
      found.ratios.engine_vs_sql_engine,
      found.ratios.apply_throughput_share,
    ];
    expect(positive.filter((value) => !(typeof value === "number" && value > 0))).toEqual([]);
    const figures = new Map(report.figures.map(({ id, samples }) => [id, samples]));
    expect(figures.size).toBe(report.figures.length);
    const counted = ["check_vs_read", "check_vs_compute", "nodes", "rows", "allocated_bytes"].map(
      (name) => figures.get(`engine/documents/1000/${name}`)?.[0] ?? 0,
    );
    expect(counted.filter((value) => !(value > 0))).toEqual([]);
    const limits = ["fill_vs_bare_read", "point_read_vs_select_1", "point_reads_16_vs_bare_reads_16"].flatMap(
      (name) => figures.get(`storage/documents/2000/${name}`) ?? 0,
    );
    expect(limits.filter((value) => !(value > 0))).toEqual([]);
    expect(report.plots.memory).toHaveLength(2);
    // Changes were applied in earnest, and every statement of the store was timed.
    expect(found.layers.engine.underChanges.appliedPerSecond).toBeGreaterThan(0);
    expect(found.layers.storage.fills[0]).toMatchObject({ tuples: 2_000, wrong: [] });
    const text = renderReport(report);
    expect(text).toContain("every one right (quick");
    expect(text.split("\n").filter((line) => line.startsWith("storage "))).toHaveLength(32);
    expect(printed.length).toBeGreaterThan(4);
  }, 120_000);

  it("says so when an answer is wrong", async () => {
    const run = {
      ...TINY,
      layers: ["engine"] as const,
      sizes: [1_000],
      mode: "quick" as const,
      databaseUrl: databaseUrl(),
    };
    const report = await runLayers({ ...run, doctored: true, print: () => undefined });
    expect(report.answers.wrong).toEqual([expect.stringContaining('"tuples":1000')]);
    expect(renderReport(report)).toMatch(/^wrong: .*\n.* 1 WRONG/m);
    expect(report.settings).toMatchObject({
      doctored: true,
      sizes: [1_000],
      rpc: { inFlight: 64, workloads: { tuples: 2_000 } },
    });
    expect(report.settings).not.toHaveProperty("slowSolver");
    for (const text of [renderMarkdown(report), renderHtml(report)])
      expect(text).toContain("expected wrongly (--doctored)");
  }, 120_000);
});

describe("the report", () => {
  it("shows three digits", () => {
    const shown = [0.123, 12.34, 123.4, 1_234_567, Number.NaN].map(formatFigure);
    expect(shown).toEqual(["0.12", "12.3", "123", "1,234,567", "-"]);
  });

  it("says which bound is missed", async () => {
    const row = { layer: "engine", what: "memory", unit: "bytes/tuple" };
    const rows = [
      { ...row, value: 99, bound: { most: 100 } },
      { ...row, value: 101, bound: { most: 100 } },
      { ...row, value: 99, bound: { least: 100 } },
    ];
    const machine = { cpu: "x", cores: 2, memoryBytes: 0, loadBefore: 0, loadAfter: 0, node: "v24", os: "linux" };
    const text = renderReport({
      format: 2,
      settings: {},
      figures: [],
      plots: NO_PLOTS,
      startedAt: "",
      tookSeconds: 1,
      mode: "long",
      machine,
      answers: { compared: 1, wrong: [] },
      ratios: {},
      headlines: {},
      rows,
      layers: {},
    });
    const asked = text.split("\n").filter((line) => line.startsWith("engine"));
    expect(asked.map((line) => line.split("bytes/tuple")[1]?.trim())).toEqual([
      "at most 100",
      "at most 100: missed",
      "at least 100: missed",
    ]);
  });

  it("measures ten million tuples in the long run only", () => {
    expect(amountsOf("long", undefined)).toMatchObject({
      sizes: [100_000, 1_000_000, 10_000_000],
      largeTenantTuples: 10_000_000,
    });
    expect(amountsOf("normal", undefined).sizes).toEqual([100_000, 1_000_000]);
    expect(amountsOf("long", 500_000)).toMatchObject({ sizes: [100_000, 500_000], tenantTuples: 500_000 });
    expect(amountsOf("long", 500_000)).not.toHaveProperty("largeTenantTuples");
  });
});
