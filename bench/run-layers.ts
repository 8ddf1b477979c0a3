import { writeFile } from "node:fs/promises";
import { runEngineLayer } from "./engine/run-engine.ts";
import { LAYER_NAMES, type LayerName, type LayerOptions, type Mode } from "./layer-options.ts";
import { loadNow, machineFacts } from "./report/machine.ts";
import type { LayerReport, Report } from "./report/report.ts";

export interface LayersRun extends LayerOptions {
  readonly layers: readonly LayerName[];
  readonly mode: Mode;
}

const RUNNERS: Readonly<Partial<Record<LayerName, (run: LayersRun) => Promise<LayerReport>>>> = {
  engine: runEngineLayer,
};

/** Measures the layers one after the other: side by side they would measure each other. */
export async function runLayers(run: LayersRun): Promise<Report> {
  const startedAt = new Date().toISOString();
  const begin = performance.now();
  const loadBefore = loadNow();
  const reports: LayerReport[] = [];
  for (const name of LAYER_NAMES)
    if (run.layers.includes(name)) {
      const runner = RUNNERS[name];
      if (runner !== undefined) reports.push(await runner(run));
    }
  return {
    startedAt,
    tookSeconds: (performance.now() - begin) / 1000,
    mode: run.mode,
    machine: machineFacts(loadBefore, undefined),
    answers: {
      compared: reports.reduce((sum, { answers }) => sum + answers.compared, 0),
      wrong: reports.flatMap(({ answers }) => answers.wrong),
    },
    ratios: Object.assign({}, ...reports.map(({ ratios }) => ratios)),
    headlines: Object.assign({}, ...reports.map(({ headlines }) => headlines)),
    rows: reports.flatMap(({ name: layer, rows }) => rows.map((row) => ({ layer, ...row }))),
    layers: Object.fromEntries(reports.map(({ name, details }) => [name, details])),
  };
}

/** Everything, with the headlines at the top. */
export async function writeJson(file: string, { headlines, ...rest }: Report): Promise<void> {
  await writeFile(file, `${JSON.stringify({ ...headlines, ...rest }, undefined, 2)}\n`);
}
