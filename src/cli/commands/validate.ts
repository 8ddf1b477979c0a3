import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { cannotWrite } from "../files.ts";
import { count, json, line } from "../output.ts";
import { styleFor } from "../style.ts";
import { renderJunit } from "../validate/junit.ts";
import { renderReport, reportToJson } from "../validate/report.ts";
import { type FileReport, validateFile } from "../validate/validate-file.ts";

interface Options {
  readonly junit?: string;
  readonly json?: boolean;
}

export function registerValidate(parent: Command, shell: Shell): void {
  const command = leaf(parent, "validate", "check schemas, tuples and assertions in files, without a server")
    .argument("<file...>", "validation files (YAML) or schemas (.zed)")
    .option("--junit <file>", "also write JUnit XML for a CI system: a suite per file, a case per assertion")
    .addHelpText("after", `\n${FORMAT}`);
  runs<[string[]], Options>(command, shell, validate);
}

const FORMAT = `A validation file:
  schema: |-                    # or schemaFile: ./model.zed
    use expiration
    caveat office_hours(hour int) { hour >= 8 && hour < 18 }
    definition user {}
    definition document {
      relation viewer: user | user with office_hours | user with expiration
      permission view = viewer
    }
  relationships: |-
    document:1#viewer@user:anne
    document:1#viewer@user:carl[office_hours]
    document:1#viewer@user:dora[expiration:2020-01-01T00:00:00Z]
  assertions:
    assertTrue: ["document:1#view@user:anne", 'document:1#view@user:carl with {"hour": 9}']
    assertFalse: ["document:1#view@user:dora", 'document:1#view@user:carl with {"hour": 22}']
    assertCaveated: ["document:1#view@user:carl"]
  validation:                   # all subjects, and the relations that name them; [...] depends on a caveat
    document:1#view:
      - "[user:anne] is <document:1#viewer>"
      - "[user:carl[...]] is <document:1#viewer>"

A wildcard is listed with those it does not hold for: "[user:* - {user:eve}] is <document:1#viewer>".

A failure is told with what was expected (-) and what is so (+), and why. Exit code 0 when everything holds, 1 when
something does not, 2 when a file cannot be evaluated.`;

async function validate(context: CliContext, options: Options, files: readonly string[]): Promise<ExitCode> {
  const style = styleFor(context.stdout, context.env);
  const reports: FileReport[] = [];
  for (const file of files) {
    const report = await validateFile(context, file);
    reports.push(report);
    if (options.json === true) json(context, reportToJson(report));
    else line(context.stdout, renderReport(report, style));
  }
  if (options.json !== true && files.length > 1) line(context.stdout, summary(reports));
  if (options.junit !== undefined) await writeJunit(context, options.junit, reports);
  if (reports.some(({ verdict }) => verdict === "broken")) return EXIT.usage;
  return reports.some(({ verdict }) => verdict === "failed") ? EXIT.negative : EXIT.ok;
}

async function writeJunit(context: CliContext, file: string, reports: readonly FileReport[]): Promise<void> {
  try {
    await writeFile(resolve(context.cwd, file), renderJunit(reports));
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

function summary(reports: readonly FileReport[]): string {
  const of = (verdict: FileReport["verdict"]) => reports.filter((report) => report.verdict === verdict).length;
  const held = (some: readonly { readonly passed: boolean }[], noun: string) =>
    `${some.filter(({ passed }) => passed).length} of ${count(some.length, noun)}`;
  const assertions = held(
    reports.flatMap((report) => report.outcomes),
    "assertion",
  );
  const relations = reports.flatMap((report) => report.relations);
  const stated = relations.length === 0 ? "" : ` and ${held(relations, "expected relation")}`;
  const files = `${count(reports.length, "file")}: ${of("passed")} passed, ${of("failed")} failed, ${of("broken")} bad`;
  return `${files}; ${assertions}${stated} hold`;
}
