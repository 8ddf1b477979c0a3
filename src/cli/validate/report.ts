import { count } from "../output.ts";
import { formatProblem } from "../problem.ts";
import type { Style } from "../style.ts";
import { assertionFailure, relationFailure } from "./failure-text.ts";
import type { FileReport } from "./validate-file.ts";

/** What is printed of one file. Silent details when it passes, everything needed to mend it when it does not. */
export function renderReport(report: FileReport, style: Style): string {
  const { file } = report;
  const lines = [verdictLine(report, style)];
  if (report.rendered !== "") lines.push(report.rendered.trimEnd());
  for (const problem of report.problems) lines.push(formatProblem(problem, style));
  const tell = (line: number, text: string, details: readonly string[]) =>
    lines.push(`${style.bold(`${file}:${line}:`)} ${text}`, ...details.map((detail) => `  ${detail}`));
  for (const outcome of report.outcomes) {
    const { spot, text } = outcome.assertion;
    if (!outcome.passed) tell(spot.line, text, assertionFailure(outcome, style));
  }
  for (const outcome of report.relations) {
    const { spot, text } = outcome.expected;
    if (!outcome.passed) tell(spot.line, `the subjects of ${text}`, relationFailure(outcome, style));
  }
  return lines.join("\n");
}

function verdictLine(report: FileReport, style: Style): string {
  const { verdict, file } = report;
  switch (verdict) {
    case "passed":
      return `${style.green("PASS")} ${file}: ${passedText(report)}`;
    case "failed":
      return `${style.red("FAIL")} ${file}: ${failedText(report)}`;
    case "broken":
      return `${style.red("BAD ")} ${file}: cannot be evaluated`;
  }
}

function passedText({ file, outcomes, relations, tuples, diagnostics }: FileReport): string {
  const warnings = diagnostics.length === 0 ? "" : `, ${count(diagnostics.length, "warning")}`;
  if (file.endsWith(".zed")) return `schema compiles${warnings}`;
  const stated = relations.length === 0 ? "" : ` and ${count(relations.length, "expected relation")}`;
  return `${count(outcomes.length, "assertion")}${stated} hold over ${count(tuples, "tuple")}${warnings}`;
}

function failedText({ outcomes, relations }: FileReport): string {
  const failures = (some: readonly { readonly passed: boolean }[]) => some.filter(({ passed }) => !passed).length;
  const wrong = (some: readonly { readonly passed: boolean }[], noun: string) =>
    failures(some) === 0 ? [] : [`${failures(some)} of ${count(some.length, noun)}`];
  const verb = failures(outcomes) + failures(relations) === 1 ? "does" : "do";
  return `${[...wrong(outcomes, "assertion"), ...wrong(relations, "expected relation")].join(" and ")} ${verb} not hold`;
}

export function reportToJson(report: FileReport): unknown {
  return {
    file: report.file,
    verdict: report.verdict,
    tuples: report.tuples,
    assertions: report.outcomes.map(({ assertion, got, message, passed }) => ({
      line: assertion.spot.line,
      assertion: assertion.text,
      expected: assertion.expected,
      got: got?.kind ?? "error",
      passed,
      ...(got?.kind === "conditional" && { missingContext: got.missing }),
      ...(message !== "" && { message }),
    })),
    expectedRelations: report.relations.map(({ expected, passed, message, missing, extra }) => ({
      line: expected.spot.line,
      relation: expected.text,
      passed,
      missing: missing.map(({ line }) => line),
      extra,
      ...(message !== "" && { message }),
    })),
    problems: report.problems,
    diagnostics: report.diagnostics,
  };
}
