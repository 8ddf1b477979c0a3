// npm run bench -- layout [tuples of the largest graph]
// What a tuple takes in memory and what a step of a walk costs, for graphs of three sizes, beside plain objects and maps.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { LayoutResult } from "./layout-process.ts";

/** Plain objects of 10M tuples take some 10 GB. */
const MOST_PLAIN = 1_000_000;

export function runLayout(largest: number): void {
  const sizes = [100_000, 1_000_000, largest].filter((size, i, all) => size <= largest && all.indexOf(size) === i);
  const results: LayoutResult[] = [];
  for (const size of sizes) {
    for (const kind of size <= MOST_PLAIN ? ["plain", "graph"] : ["graph"]) {
      const result = measure(kind, size);
      results.push(result);
      console.log(JSON.stringify(result));
    }
  }
  console.table(results.map(rowOf));
}

function measure(kind: string, tuples: number): LayoutResult {
  const script = join(import.meta.dirname, "layout-process.ts");
  const args = ["--expose-gc", "--max-old-space-size=8192", script, kind, String(tuples)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
}

function rowOf(result: LayoutResult): Record<string, string | number> {
  const nanos = Object.entries(result.nanos).map(([step, ns]) => [`${step}, ns`, Math.round(ns)]);
  return {
    layout: result.kind,
    tuples: result.tuples,
    objects: result.objects,
    "bytes counted": result.countedPerTuple === null ? "" : result.countedPerTuple.toFixed(1),
    "bytes used": result.usedPerTuple.toFixed(1),
    "bytes resident": result.residentPerTuple.toFixed(1),
    "loaded/s": Math.round(result.loadPerCpuSecond),
    ...Object.fromEntries(nanos),
  };
}
