import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Figure, Report } from "../report/report.ts";
import { damageOf, FORMAT, reportShape } from "../report/report-shape.ts";
import { UsageError } from "../usage-error.ts";

/** What of a report a comparison needs. */
export type ComparedReport = Pick<
  Report,
  "startedAt" | "tookSeconds" | "mode" | "machine" | "commit" | "settings" | "answers" | "figures"
>;

const compared = reportShape.pick({
  startedAt: true,
  tookSeconds: true,
  mode: true,
  machine: true,
  commit: true,
  settings: true,
  answers: true,
  figures: true,
} satisfies Record<keyof ComparedReport, true>);

/** @throws UsageError that names the file, where it cannot be read or is no report of this format */
export async function readReport(cwd: string, file: string): Promise<ComparedReport> {
  const text = await readFile(resolve(cwd, file), "utf8").catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  return reportOf(file, parseJson(file, text));
}

/** @throws UsageError */
export function reportOf(file: string, value: unknown): ComparedReport {
  const format = typeof value === "object" && value !== null && "format" in value ? value.format : undefined;
  if (format === undefined)
    throw new UsageError(`${file} is no report of the bench: write one with \`npm run bench -- --json ${file}\``);
  if (format !== FORMAT)
    throw new UsageError(
      `${file} is a report of format ${JSON.stringify(format)}, and this is a bench of format ${FORMAT}: measure both with one bench`,
    );
  const parsed = compared.safeParse(value);
  if (!parsed.success) throw new UsageError(`${file} is damaged at ${damageOf(parsed.error)}`);
  const twice = firstTwice(parsed.data.figures);
  if (twice !== undefined) throw new UsageError(`${file} has two figures of the id ${twice}`);
  // There is nothing to compare in what is no number.
  const figures = parsed.data.figures.map((one) => ({ ...one, samples: one.samples.filter(Number.isFinite) }));
  return { ...(parsed.data as ComparedReport), figures };
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${file} is not JSON: give what \`npm run bench -- --json FILE\` writes`);
  }
}

function firstTwice(figures: readonly Figure[]): string | undefined {
  const seen = new Set<string>();
  return figures.find(({ id }) => seen.size === seen.add(id).size)?.id;
}
