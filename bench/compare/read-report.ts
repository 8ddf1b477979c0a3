import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import type { Figure, Report } from "../report/report.ts";
import { UsageError } from "../usage-error.ts";

/** What of a report a comparison needs. */
export type ComparedReport = Pick<
  Report,
  "startedAt" | "tookSeconds" | "mode" | "machine" | "commit" | "settings" | "answers" | "figures"
>;

const FORMAT: Report["format"] = 2;

/** What is no number, such as a share of nothing, is written as null; there is nothing to compare in it. */
const samples = z.array(z.number().nullable()).transform((all) => all.filter((sample) => sample !== null));

const figure = z.object({
  id: z.string().min(1),
  what: z.string(),
  unit: z.string(),
  kind: z.enum(["ratio", "count", "time"]),
  better: z.enum(["more", "less"]),
  samples,
});

const report = z.object({
  startedAt: z.string(),
  tookSeconds: z.number(),
  mode: z.enum(["quick", "normal", "long"]),
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memoryBytes: z.number(),
    loadBefore: z.number(),
    loadAfter: z.number(),
    node: z.string(),
    os: z.string(),
    postgres: z.string().optional(),
  }),
  commit: z.object({ hash: z.string(), subject: z.string(), dirty: z.boolean() }).optional(),
  settings: z.record(z.string(), z.json()),
  answers: z.object({ compared: z.number(), wrong: z.array(z.string()) }),
  figures: z.array(figure),
});

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
  const parsed = report.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(
      `${file} is damaged at ${issue?.path.join(".") ?? "its top"}: ${issue?.message ?? "unreadable"}`,
    );
  }
  const twice = firstTwice(parsed.data.figures);
  if (twice !== undefined) throw new UsageError(`${file} has two figures of the id ${twice}`);
  return parsed.data as ComparedReport;
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
