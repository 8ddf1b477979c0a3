import pc from "picocolors";
import { formatProblem } from "../problem.ts";
import { assertionFailure, relationFailure } from "./failure-text.ts";
import type { FileReport } from "./validate-file.ts";

const PLAIN = pc.createColors(false);

/**
 * The JUnit XML that CI systems read: a suite per file, a case per assertion and per expected relation. A file that
 * cannot be evaluated is a case of its own, with an error.
 */
export function renderJunit(reports: readonly FileReport[]): string {
  const suites = reports.map((report) => renderSuite(report));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="relata validate">\n${suites.join("")}</testsuites>\n`;
}

interface Case {
  readonly name: string;
  readonly line: number;
  readonly outcome: "passed" | "failure" | "error";
  readonly message: string;
  readonly text: string;
}

function renderSuite(report: FileReport): string {
  const cases = casesOf(report);
  const of = (outcome: Case["outcome"]) => cases.filter((one) => one.outcome === outcome).length;
  const counts = { tests: cases.length, failures: of("failure"), errors: of("error"), skipped: 0 };
  const time = (report.durationMs / 1000).toFixed(3);
  const body = cases.map((one) => renderCase(report.file, one)).join("");
  return `  <testsuite${attributes({ name: report.file, ...counts, time })}>\n${body}  </testsuite>\n`;
}

function renderCase(file: string, { name, line, outcome, message, text }: Case): string {
  const open = `    <testcase${attributes({ name, classname: file, file, line })}`;
  if (outcome === "passed") return `${open}/>\n`;
  return `${open}>\n      <${outcome}${attributes({ message })}>${escapeXml(text)}</${outcome}>\n    </testcase>\n`;
}

function casesOf(report: FileReport): readonly Case[] {
  if (report.verdict === "broken") return [brokenCase(report)];
  if (report.file.endsWith(".zed"))
    return [{ name: "schema compiles", line: 1, outcome: "passed", message: "", text: "" }];
  const assertions = report.outcomes.map((outcome): Case => {
    const { assertion, passed, got, message } = outcome;
    return {
      name: `${assertion.text} is ${assertion.expected}`,
      line: assertion.spot.line,
      outcome: passed ? "passed" : "failure",
      message: passed ? "" : `expected ${assertion.expected}, got ${got?.kind ?? `no answer: ${message}`}`,
      text: passed ? "" : assertionFailure(outcome, PLAIN).join("\n"),
    };
  });
  const relations = report.relations.map((outcome): Case => {
    const { expected, passed, missing, extra, message } = outcome;
    const said =
      message === "" ? `${missing.length} expected and not so, ${extra.length} so and not expected` : message;
    return {
      name: `the subjects of ${expected.text}`,
      line: expected.spot.line,
      outcome: passed ? "passed" : "failure",
      message: passed ? "" : said,
      text: passed ? "" : relationFailure(outcome, PLAIN).join("\n"),
    };
  });
  return [...assertions, ...relations];
}

function brokenCase({ rendered, problems }: FileReport): Case {
  const text = [rendered.trimEnd(), ...problems.map((problem) => formatProblem(problem, PLAIN))].join("\n").trim();
  const [message = ""] = text.split("\n");
  return { name: "the file can be evaluated", line: problems[0]?.line ?? 1, outcome: "error", message, text };
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value)).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;")}"`)
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** For text and attributes. What XML 1.0 cannot hold at all (control characters, lone surrogates) becomes U+FFFD. */
export function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 cannot hold
      .replace(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, "\ufffd")
      .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
  );
}
