import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatFigure } from "../../bench/report/format.ts";
import { answersLine } from "../../bench/report/head-lines.ts";
import { linearAxis, logAxis } from "../../bench/report/html/axis.ts";
import { spreadLabels } from "../../bench/report/html/end-labels.ts";
import { renderHtml } from "../../bench/report/html/render-html.ts";
import { panelsOf, SLOTS, slotsOf } from "../../bench/report/html/series.ts";
import { textWidth, wrapText } from "../../bench/report/html/text-width.ts";
import { joinAnswers } from "../../bench/report/join-answers.ts";
import { fromJson, toJson } from "../../bench/report/json.ts";
import { renderMarkdown } from "../../bench/report/markdown.ts";
import { redraw } from "../../bench/report/redraw.ts";
import { spreadOf } from "../../bench/report/spread.ts";
import { runTestCli } from "../cli/run-cli.ts";
import { HOSTILE, hostileReport } from "./hostile-report.ts";
import { elementsOf } from "./html-elements.ts";
import { emptyReport, syntheticReport } from "./synthetic-report.ts";

describe("the page", () => {
  it.each([
    ["with everything", syntheticReport()],
    ["with nothing", emptyReport()],
    ["with hostile names", hostileReport()],
  ])("is well-formed and refers to nothing outside itself: %s", (_, report) => {
    const html = renderHtml(report);
    const elements = elementsOf(html);
    const outward = elements.flatMap(({ attributes }) =>
      Object.entries(attributes).filter(
        ([name, value]) =>
          /^(src|srcset|style|on.*|action|poster|data)$/.test(name) || (/href/.test(name) && !value.startsWith("#")),
      ),
    );
    expect(outward).toEqual([]);
    expect(elements.filter(({ name }) => /^(link|img|image|iframe|object|embed|base|form|use)$/.test(name))).toEqual(
      [],
    );
    const style = elements.find(({ name }) => name === "style")?.text;
    expect(style).toContain("@media print");
    expect(style).not.toMatch(/url\(|@import|\/\//);
    expect(elements.filter(({ name }) => name === "script")).toHaveLength(2);
    // A picture that cannot be drawn says NaN in its numbers.
    const drawn = elements.filter(({ name }) => /^(path|circle|rect|text|tspan)$/.test(name));
    expect(
      drawn.filter(({ attributes }) => /NaN|Infinity|undefined/.test(Object.values(attributes).join(" "))),
    ).toEqual([]);
    // The same report gives the same page.
    expect(renderHtml(report) === html).toBe(true);
  });

  it("has every figure with its median, its range and how often it was measured", () => {
    const report = syntheticReport();
    const rows = new Map(
      elementsOf(renderHtml(report))
        .filter(({ name }) => name === "tr")
        .map((row) => [row.attributes["id"], row.text]),
    );
    const lacking = report.figures.filter(({ id, samples, unit, what }) => {
      const { n, median, min, max } = spreadOf(samples);
      const said = [
        what,
        formatFigure(median),
        unit,
        String(n),
        ...(n > 1 ? [`${formatFigure(min)} – ${formatFigure(max)}`] : []),
      ];
      return !said.every((part) => rows.get(id)?.includes(part));
    });
    expect(report.figures.length).toBeGreaterThan(30);
    expect(lacking).toEqual([]);
  });

  it("shows names as they are and carries the JSON whole", () => {
    const report = hostileReport();
    const elements = elementsOf(renderHtml(report));
    const json = elements.find(({ attributes }) => attributes["id"] === "report")?.text ?? "";
    expect(json).not.toContain("<");
    expect(JSON.parse(json)).toEqual(JSON.parse(toJson(report)));
    const cells = elements.filter(({ name }) => name === "th").map(({ text }) => text);
    expect(cells.filter((text) => text.includes(HOSTILE.replace("\u0000", " "))).length).toBeGreaterThan(3);
  });

  it("marks what is asked and missed, wrong answers, and a busy machine", () => {
    const report = syntheticReport();
    const shown = renderHtml({
      ...report,
      answers: { compared: 5, wrong: Array.from({ length: 25 }, (_, index) => `wrong one ${index}`) },
      machine: { ...report.machine, loadBefore: 17 },
    });
    for (const said of [
      "✗ missed: at least 5.00",
      "✓ at least 0.75",
      "25 WRONG",
      "wrong one 19",
      "and 5 more",
      "load 17.0 on 2 cores",
    ])
      expect(shown).toContain(said);
    expect(renderHtml(report)).not.toContain("The machine was busy");
  });

  it("says how to get what was not measured, and why a point is ringed", () => {
    const nothing = renderHtml(emptyReport());
    for (const command of ["-- rpc", "-- engine", "-- --peer spicedb=localhost:50051,token"])
      expect(nothing).toContain(`<code>npm run bench ${command}`);
    expect(nothing.match(/class="absent"/g)).toHaveLength(8);
    const { plots } = syntheticReport();
    const [first, ...others] = plots.curves;
    const curves = [
      ...others.slice(0, 1),
      ...(first === undefined ? [] : [{ ...first, points: first.points.slice(0, 1) }]),
    ];
    const oneSize = renderHtml({ ...emptyReport(), plots: { ...plots, curves } });
    expect(oneSize).toContain("the figures are in the tables: Check in memory by tuples (documents).");
    expect(renderHtml(syntheticReport())).toContain("the generator used 99 % of its core");
  });
});

describe("the summary in Markdown", () => {
  it.each([
    ["with everything", syntheticReport()],
    ["with hostile names", hostileReport()],
    ["with nothing", emptyReport()],
  ])("has tables whose rows are as long as their heads: %s", (_, report) => {
    const text = renderMarkdown(report);
    const lines = text.split("\n");
    const cells = (line: string) => line.replaceAll(/\\./g, "").split("|").length;
    const broken = lines.filter((line, index) => {
      const before = lines[index - 1] ?? "";
      return line.startsWith("| ") && before.startsWith("| ") && cells(line) !== cells(before);
    });
    expect(broken).toEqual([]);
    expect(text).not.toMatch(/(?<!\\)<script/);
    expect(text).toContain("answers compared");
  });

  it("has ratios, what was missed, each figure and each workload's answers", () => {
    const report = syntheticReport();
    const text = renderMarkdown(report);
    for (const said of [
      "## Against peers",
      "SpiceDB 1.56.0",
      "**missed**",
      "### engine: documents",
      "| documents | 1,000,000 |",
      "d95d4d2f00d9",
    ])
      expect(text).toContain(said);
    expect(text.split("\n").filter((line) => /\| (ratio|count|time) \|$/.test(line))).toHaveLength(
      report.figures.length,
    );
  });
});

describe("wrong answers", () => {
  it("are counted all and kept in part", () => {
    const many = Array.from({ length: 900 }, (_, index) => `wrong ${index}`);
    const answers = joinAnswers([
      { compared: 1_000, wrong: many, byWorkload: { wide: 1_000 } },
      { compared: 2_000, wrong: many, wrongLeftOut: 5, byWorkload: { wide: 500, code: 1_500 } },
    ]);
    expect(answers).toMatchObject({ compared: 3_000, wrongLeftOut: 805, byWorkload: { wide: 1_500, code: 1_500 } });
    expect(answers.wrong).toEqual([...many, ...many.slice(0, 100)]);
    const report = { ...syntheticReport(), answers };
    expect(answersLine(report)).toContain("3,000 answers compared, 1,805 WRONG");
    expect(renderMarkdown(report)).toContain("- and 805 more");
    expect(fromJson(toJson(report)).answers).toEqual(answers);
    expect(joinAnswers([{ compared: 1, wrong: [] }])).toEqual({ compared: 1, wrong: [], byWorkload: {} });
  });
});

describe("reports as files", () => {
  it("read back as they were", () => {
    const report = syntheticReport();
    expect(fromJson(toJson(report))).toEqual(report);
    const { commit: _, ...rest } = report;
    expect(fromJson(toJson(rest))).toEqual(rest);
  });

  it.each([
    ["{", "no JSON"],
    ["[]", "no object"],
    ['{"format":1}', 'its "format" is 1, not 2'],
    ['{"format":2,"rows":[]}', "no whole report: without startedAt"],
    [
      toJson(syntheticReport()).replace('"samples": [', '"samples": ["x", '),
      "a damaged report, at figures.0.samples.0",
    ],
  ])("refuse %s", (text, message) => {
    expect(() => fromJson(text)).toThrow(message);
  });

  it("are drawn again, and say what is wrong with a file", async () => {
    const directory = await mkdtemp(join(tmpdir(), "relata-redraw-"));
    const printed: string[] = [];
    const print = (line: string) => printed.push(line);
    const file = join(directory, "old.json");
    await writeFile(file, toJson(syntheticReport()));
    expect(await redraw([file], print)).toBe(0);
    expect(await readFile(join(directory, "old.html"), "utf8")).toBe(renderHtml(syntheticReport()));
    expect(await readFile(join(directory, "old.md"), "utf8")).toBe(renderMarkdown(syntheticReport()));
    expect(await redraw([join(directory, "none.json")], print)).toBe(2);
    expect(await redraw([join(directory, "old.md")], print)).toBe(2);
    expect(await redraw([], print)).toBe(2);
    expect(printed.slice(2)).toEqual([
      expect.stringContaining("none.json: ENOENT"),
      expect.stringContaining("old.md: no JSON"),
      expect.stringContaining("usage: npm run bench -- report FILE.json"),
    ]);
    await rm(directory, { recursive: true });
  });

  it("are refused a place that is none before anything is measured", async () => {
    const { exit, stderr } = await runTestCli(["bench", "--quick", "--report", "package.json/reports"]);
    expect(exit).toBe(2);
    expect(stderr).toMatch(
      /the report cannot go to .*package\.json\/reports: ENOTDIR.*name another place by --report DIR/,
    );
  });
});

describe("what plots are made of", () => {
  const numbers = fc.double({ min: 1e-6, max: 1e12, noNaN: true });

  it("keeps labels apart, in the plot, and in order", () => {
    const wanted = fc.array(
      fc.record({ at: fc.double({ min: -50, max: 450, noNaN: true }), height: fc.integer({ min: 5, max: 40 }) }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(wanted, (labels) => {
        const places = spreadLabels(labels, 0, 400);
        const placed = labels
          .map(({ height }, index) => ({ middle: places[index] ?? 0, height }))
          .toSorted((a, b) => a.middle - b.middle);
        for (const [index, { middle, height }] of placed.entries()) {
          expect(middle - height / 2).toBeGreaterThanOrEqual(-1e-9);
          expect(middle + height / 2).toBeLessThanOrEqual(400 + 1e-9);
          const next = placed[index + 1];
          if (next !== undefined)
            expect(next.middle - next.height / 2).toBeGreaterThanOrEqual(middle + height / 2 - 1e-9);
        }
      }),
    );
  });

  it("puts every value and every tick on its axis", () => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 20 }), fc.boolean(), (values, marked) => {
        const axes = [linearAxis("", values, String), logAxis("", values, String, ...(marked ? [values] : []))];
        for (const axis of axes) {
          const places = [...values, ...axis.ticks.flat().map(({ value }) => value)].map((value) => axis.at(value));
          expect(places.filter((place) => !(place >= -1e-6 && place <= 1 + 1e-6))).toEqual([]);
          expect(Math.min(...axis.ticks.map(({ length }) => length))).toBeGreaterThan(0);
        }
      }),
    );
  });

  it("breaks names to a width and says where it cut", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200 }),
        fc.integer({ min: 30, max: 300 }),
        fc.integer({ min: 1, max: 3 }),
        (text, width, most) => {
          const lines = wrapText(text, 12, width, most);
          expect(lines.length).toBeLessThanOrEqual(most);
          for (const line of lines) expect(textWidth(line, 12)).toBeLessThanOrEqual(width);
        },
      ),
    );
    expect(wrapText("Check over gRPC, documents, 5,000/s", 12, 120, 2)).toEqual(["Check over gRPC,", "documents, …"]);
  });

  it("shares many lines among panels, none lost, groups together, names with one look", () => {
    const names = Array.from({ length: 23 }, (_, index) => `lane ${index}`);
    const panels = panelsOf(names, (name) => name);
    expect(panels.flat()).toEqual(names);
    expect(panels.map(({ length }) => length)).toEqual([6, 6, 6, 5]);
    expect(panelsOf([], String)).toEqual([]);
    expect(slotsOf(["lane 2", "lane 9", "lane 4"], names)).toEqual([2, 3, 4]);
    expect(new Set(slotsOf(names.slice(0, SLOTS), names)).size).toBe(SLOTS);
  });

  it("tells the spread of samples, without what is none", () => {
    expect(spreadOf([4, Number.NaN, 1, 2, 3])).toEqual({
      n: 4,
      median: 2.5,
      min: 1,
      max: 4,
      lowerQuartile: 1.75,
      upperQuartile: 3.25,
    });
    expect(spreadOf([])).toMatchObject({ n: 0, median: Number.NaN });
    expect(spreadOf([7])).toEqual({ n: 1, median: 7, min: 7, max: 7, lowerQuartile: 7, upperQuartile: 7 });
  });
});
