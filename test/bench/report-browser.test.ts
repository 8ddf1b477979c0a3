import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toJson } from "../../bench/report/json.ts";
import type { Report } from "../../bench/report/report.ts";
import { writeReport } from "../../bench/report/write-report.ts";
import { type OpenedChromium, openChromium } from "../support/chromium.ts";
import { hostileReport } from "./hostile-report.ts";
import { type Box, PAGE_FACTS, type PageFacts } from "./page-facts.ts";
import { syntheticReport } from "./synthetic-report.ts";

/** A4 less its margins, at 96 pixels an inch. */
const PAPER = { width: 695, height: 1009 };

let opened: OpenedChromium;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "relata-report-"));
  opened = await openChromium();
}, 60_000);

afterAll(async () => {
  if (opened?.browser !== undefined) await opened.close();
  await rm(directory, { recursive: true, force: true });
});

describe("the report in a browser", () => {
  beforeEach((context) => {
    if (opened.browser === undefined) context.skip(opened.missing);
  });

  it.each([
    ["a wide screen", { viewport: { width: 1200, height: 900 } }],
    ["a telephone", { viewport: { width: 390, height: 844 } }],
    ["something between", { viewport: { width: 760, height: 1000 }, colorScheme: "dark" }],
  ] as const)("can be read on %s", async (_, options) => {
    const seen = await look(syntheticReport(), options);
    expect(seen.complaints).toEqual([]);
    expect(seen.requests).toEqual([]);
    const { facts } = seen;
    expect(facts.scrollWidth).toBeLessThanOrEqual(facts.width);
    expect(facts.plots.length).toBeGreaterThan(20);
    expect(facts.plots.flatMap((plot) => misplaced(plot, facts.width))).toEqual([]);
    expect(facts.figures.filter(({ caption }) => caption.length < 40)).toEqual([]);
    expect(facts.headings).toEqual(
      expect.arrayContaining(["relata bench quick run", "Latency", "Under load", "Memory"]),
    );
    expect(facts.background).toBe("colorScheme" in options ? "rgb(20, 24, 29)" : "rgb(255, 255, 255)");
    expect(facts.hidden).toEqual({ nav: false, save: false });
  });

  it("prints on white, cuts no figure, and leaves out what paper cannot do", async () => {
    const { facts, pdf } = await look(
      syntheticReport(),
      { viewport: { ...PAPER }, colorScheme: "dark" },
      async (page) => {
        await page.emulateMedia({ media: "print" });
        return { pdf: await page.pdf({ preferCSSPageSize: true }) };
      },
    );
    expect(facts.hidden).toEqual({ nav: true, save: true });
    expect(facts.background).toBe("rgb(255, 255, 255)");
    expect(facts.plots.flatMap((plot) => misplaced(plot, PAPER.width))).toEqual([]);
    expect(facts.figures.filter(({ height }) => height > PAPER.height)).toEqual([]);
    expect(pdf?.subarray(0, 5).toString()).toBe("%PDF-");
    // A4 in points.
    expect(pdf?.toString("latin1")).toMatch(/\/MediaBox \[0 0 594\.\d+ 841\.\d+\]/);
  });

  it("hands out the JSON that it was made of", async () => {
    const report = syntheticReport();
    const { saved } = await look(report, {}, async (page) => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
      return { saved: await readFile(await download.path(), "utf8"), name: download.suggestedFilename() };
    });
    expect(JSON.parse(saved ?? "")).toEqual(JSON.parse(toJson(report)));
  });

  it("is whole without scripts", async () => {
    const { facts, complaints } = await look(syntheticReport(), { javaScriptEnabled: false });
    expect(complaints.filter((one) => !one.includes("scripting is disabled"))).toEqual([]);
    expect(facts.plots.length).toBeGreaterThan(20);
  });

  it("shows hostile names as text and nothing more", async () => {
    const { facts, complaints, requests } = await look(hostileReport(), {});
    expect([complaints, requests]).toEqual([[], []]);
    expect(facts.headings[0]).toContain("relata bench");
    expect(facts.plots.flatMap((plot) => misplaced(plot, facts.width))).toEqual([]);
  });

  it("says how to get what a run has not measured", async () => {
    const { facts, text } = await look(
      { ...syntheticReport(), plots: hostileReport().plots, figures: [] },
      {},
      async (page) => ({
        text: await page.innerText("main"),
      }),
    );
    expect(facts.plots.length).toBeGreaterThan(0);
    expect(text).toContain("This run has no repeated rounds of ratios. npm run bench measures them.");
  });
});

interface Look {
  readonly facts: PageFacts;
  /** Of the console, of scripts, of dialogs. */
  readonly complaints: readonly string[];
  /** Other than for the file itself. */
  readonly requests: readonly string[];
}

/** Opens the file as a person would, and lets nothing else be fetched. */
async function look<T extends object>(
  report: Report,
  options: BrowserContextOptions,
  then: (page: Page) => Promise<T> = () => Promise.resolve({} as T),
): Promise<Look & Partial<T>> {
  if (opened.browser === undefined) throw new Error(opened.missing);
  const [file = ""] = await writeReport(report, directory);
  const url = pathToFileURL(file).href;
  await using context = await opened.browser.newContext(options);
  const [complaints, requests] = [[] as string[], [] as string[]];
  await context.route("**", (route) => (route.request().url() === url ? route.continue() : route.abort()));
  context.on("request", (request) => request.url() !== url && requests.push(request.url()));
  context.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("dialog", async (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  const page = await context.newPage();
  await page.goto(url);
  const more = await then(page);
  const facts = (await page.evaluate(PAGE_FACTS)) as PageFacts;
  return { facts, complaints, requests: requests.filter((one) => !one.startsWith("blob:")), ...more };
}

/** Whatever of a plot is not where it can be read. */
function misplaced({ title, box, texts }: PageFacts["plots"][number], width: number): readonly string[] {
  const named = (what: string) => `${title.slice(0, 60)}: ${what}`;
  const problems: string[] = [];
  if (box.right - box.left < 200 || box.bottom - box.top < 100) problems.push(named("too small"));
  if (box.left < 0 || box.right > width) problems.push(named("beyond the page"));
  for (const [index, one] of texts.entries()) {
    if (!within(one.box, box)) problems.push(named(`"${one.text}" is clipped`));
    for (const other of texts.slice(index + 1))
      if (overlap(one.box, other.box)) problems.push(named(`"${one.text}" and "${other.text}" overlap`));
  }
  return problems;
}

/** Half a pixel of the space around the letters is none of theirs. */
const SLACK = 0.5;

function within(inner: Box, outer: Box): boolean {
  return (
    inner.left >= outer.left - SLACK &&
    inner.right <= outer.right + SLACK &&
    inner.top >= outer.top - SLACK &&
    inner.bottom <= outer.bottom + SLACK
  );
}

function overlap(a: Box, b: Box): boolean {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  // Boxes of lines reach a little into one another where letters do not.
  return across > SLACK && down > 3;
}
