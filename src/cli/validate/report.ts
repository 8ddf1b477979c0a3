import { count } from "../output.ts";
import { formatProblem } from "../problem.ts";
import type { Style } from "../style.ts";
import type { Outcome } from "./evaluate.ts";
import type { FileReport } from "./validate-file.ts";

/** What is printed of one file. Silent details when it passes, everything needed to mend it when it does not. */
export function renderReport(report: FileReport, style: Style): string {
  const lines = [verdictLine(report, style)];
  for (const note of report.notes) lines.push(style.dim(`  note: ${note.file}:${note.line}: ${note.message}`));
  if (report.rendered !== "") lines.push(report.rendered.trimEnd());
  for (const problem of report.problems) lines.push(formatProblem(problem, style));
  for (const outcome of report.outcomes) {
    if (!outcome.passed) lines.push(renderFailure(report.file, outcome, style));
  }
  return lines.join("\n");
}

function verdictLine(report: FileReport, style: Style): string {
  const { verdict, file, outcomes, tuples } = report;
  const failed = outcomes.filter(({ passed }) => !passed).length;
  switch (verdict) {
    case "passed": {
      const warnings = report.diagnostics.length === 0 ? "" : `, ${count(report.diagnostics.length, "warning")}`;
      const what = file.endsWith(".zed")
        ? `schema compiles${warnings}`
        : `${count(outcomes.length, "assertion")} hold over ${count(tuples, "tuple")}${warnings}`;
      return `${style.green("PASS")} ${file}: ${what}`;
    }
    case "failed":
      return `${style.red("FAIL")} ${file}: ${failed} of ${count(outcomes.length, "assertion")} do not hold`;
    case "broken":
      return `${style.red("BAD ")} ${file}: cannot be evaluated`;
    case "refused":
      return `${style.yellow("REFUSED")} ${file}: uses ${report.refused.join(" and ")}, which this version does not evaluate`;
  }
}

function renderFailure(file: string, { assertion, got, message }: Outcome, style: Style): string {
  const at = style.bold(`${file}:${assertion.line}:`);
  const found = got === "error" ? `no answer: ${message}` : got;
  return `${at} ${assertion.text}\n    expected ${style.green(assertion.expected)}\n    got      ${style.red(found)}`;
}

export function reportToJson(report: FileReport): unknown {
  return {
    file: report.file,
    verdict: report.verdict,
    tuples: report.tuples,
    assertions: report.outcomes.map(({ assertion, got, message, passed }) => ({
      line: assertion.line,
      assertion: assertion.text,
      expected: assertion.expected,
      got,
      passed,
      ...(message !== "" && { message }),
    })),
    problems: report.problems,
    diagnostics: report.diagnostics,
    refused: report.refused,
    notes: report.notes,
  };
}
