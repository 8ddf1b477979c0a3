import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../usage-error.ts";
import { compareReports, isRegression } from "./compare-reports.ts";
import { renderComparison } from "./comparison-text.ts";
import { readReport } from "./read-report.ts";

export const COMPARE_USAGE = "compare A.json B.json [--times] [--all] [--anyway] [--json FILE]";

const OPTIONS = {
  times: { type: "boolean", default: false },
  all: { type: "boolean", default: false },
  anyway: { type: "boolean", default: false },
  json: { type: "string" },
} as const;

/**
 * @param args behind the word `compare`
 * @returns the exit code: 1 when a figure of B is worse than that of A, or an answer of B is wrong
 * @throws UsageError also where the two runs are not to be compared
 */
export async function runCompare(
  args: readonly string[],
  { cwd, print }: { readonly cwd: string; readonly print: (line: string) => void },
): Promise<0 | 1> {
  const { values, positionals } = parse(args);
  const [fileA, fileB, ...rest] = positionals;
  if (fileA === undefined || fileB === undefined || rest.length > 0)
    throw new UsageError("compare takes two reports, that of the run before and that of the run behind");
  const a = await readReport(cwd, fileA);
  const b = await readReport(cwd, fileB);
  const comparison = compareReports(a, b, values.times);
  const { refused, sameMachine } = comparison;
  if (values.times && !sameMachine)
    throw new UsageError(`times of unlike machines are not judged: ${comparison.told.join("; ")}`);
  if (refused.length > 0 && !values.anyway)
    throw new UsageError(
      [
        `${fileA} and ${fileB} are not of the same measurement:`,
        ...refused,
        "--anyway compares them nevertheless",
      ].join("\n  "),
    );
  if (comparison.figures.length === 0)
    throw new UsageError(`${fileA} and ${fileB} have no figure in common: there is nothing to compare`);
  const text = JSON.stringify({ a: head(fileA, a), b: head(fileB, b), ...comparison }, undefined, 2);
  if (values.json === "-") print(text);
  else {
    if (values.json !== undefined) await writeFile(resolve(cwd, values.json), `${text}\n`);
    for (const line of refused) print(`compared anyway, although ${line}`);
    print(renderComparison(comparison, [a, b], values.all));
  }

  return isRegression(comparison) ? 1 : 0;
}

function head(file: string, { startedAt, mode, machine, commit }: Awaited<ReturnType<typeof readReport>>) {
  return { file, startedAt, mode, machine, ...(commit !== undefined && { commit }) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
