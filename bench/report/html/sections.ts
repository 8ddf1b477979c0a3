import type { Report } from "../report.ts";
import { againstPlots } from "./against-plots.ts";
import { curvePlots } from "./curve-plots.ts";
import { distributionPlots } from "./distribution-plots.ts";
import { type Markup, markup } from "./markup.ts";
import { memoryPlots } from "./memory-plots.ts";
import { spreadPlots } from "./spread-plots.ts";
import { sweepPlots } from "./sweep-plots.ts";

export interface Section {
  readonly id: string;
  readonly title: string;
  /** What the section is about, where its figures do not say it. */
  readonly lead?: string;
  readonly body: readonly Markup[];
}

/** Every kind of plot; where a run has nothing to draw, how to get it. */
export function plotSections({ plots, figures }: Report): readonly Section[] {
  return [
    section("limits", "Against the limit", againstPlots(plots.against, "limit"), "ratios to limits", "npm run bench"),
    section(
      "peers",
      "Against other systems",
      againstPlots(plots.against, "peer"),
      "ratios to other systems",
      "npm run bench -- --peer spicedb=localhost:50051,token --peer openfga=localhost:8080",
    ),
    section("spread", "How sure the ratios are", spreadPlots(figures), "repeated rounds of ratios", "npm run bench"),
    section(
      "latency",
      "Latency",
      distributionPlots(plots.distributions),
      "latency distributions",
      "npm run bench -- rpc",
    ),
    section("load", "Under load", sweepPlots(plots.sweeps), "sweeps of concurrency or rate", "npm run bench -- rpc"),
    section("growth", "How costs grow", curvePlots(plots.curves), "curves of growth", "npm run bench -- engine"),
    section("memory", "Memory", memoryPlots(plots.memory), "sizes in memory", "npm run bench -- engine"),
  ];
}

function section(id: string, title: string, drawn: readonly Markup[], what: string, command: string): Section {
  const absent = markup`<p class="absent">This run has no ${what}. <code>${command}</code> measures them.</p>`;
  return { id, title, body: drawn.length === 0 ? [absent] : drawn };
}
