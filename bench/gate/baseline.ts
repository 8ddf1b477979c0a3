import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { UsageError } from "../usage-error.ts";

/** What the gate's figures were when they were last agreed to. */
export interface Baseline {
  /** Such as `v24.21.0`: what V8 allocates is of that version. */
  readonly node: string;
  /** By id. */
  readonly figures: Readonly<Record<string, number>>;
}

const baseline = z.object({ node: z.string(), figures: z.record(z.string(), z.number()) });

/** @throws UsageError */
export async function readBaseline(file: string): Promise<Baseline> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) throw new UsageError(`there is no ${file}: write it with \`npm run bench -- gate --write\``);
  try {
    return baseline.parse(JSON.parse(text));
  } catch (error) {
    throw new UsageError(`${file} is damaged: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A line for each figure, so that a change to one is a change to a line. */
export async function writeBaseline(file: string, written: Baseline): Promise<void> {
  await writeFile(file, `${JSON.stringify(written, undefined, 2)}\n`);
}
