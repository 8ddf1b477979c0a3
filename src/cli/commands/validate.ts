import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { count, json, line } from "../output.ts";
import { styleFor } from "../style.ts";
import { renderReport, reportToJson } from "../validate/report.ts";
import { type FileReport, validateFile } from "../validate/validate-file.ts";

interface Options {
  readonly json?: boolean;
}

export function registerValidate(parent: Command, shell: Shell): void {
  const command = leaf(parent, "validate", "check schemas, tuples and assertions in files, without a server")
    .argument("<file...>", "validation files (YAML) or schemas (.zed)")
    .addHelpText("after", `\n${FORMAT}`);
  runs<[string[]], Options>(command, shell, validate);
}

const FORMAT = `A validation file:
  schema: |-                    # or schemaFile: ./model.zed
    definition user {}
    definition document {
      relation viewer: user
      permission view = viewer
    }
  relationships: |-
    document:1#viewer@user:anne
  assertions:
    assertTrue: ["document:1#view@user:anne"]
    assertFalse: ["document:1#view@user:ben"]

Exit code 1 when an assertion fails, 2 when a file cannot be evaluated. Schemas with caveats or expiration are
refused by name: this version does not evaluate them.`;

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
  if (reports.some(({ verdict }) => verdict === "broken" || verdict === "refused")) return EXIT.usage;
  return reports.some(({ verdict }) => verdict === "failed") ? EXIT.negative : EXIT.ok;
}

function summary(reports: readonly FileReport[]): string {
  const of = (verdict: FileReport["verdict"]) => reports.filter((report) => report.verdict === verdict).length;
  const outcomes = reports.flatMap((report) => report.outcomes);
  const held = outcomes.filter(({ passed }) => passed).length;
  const files = `${count(reports.length, "file")}: ${of("passed")} passed, ${of("failed")} failed, ${of("broken")} bad, ${of("refused")} refused`;
  return `${files}; ${held} of ${count(outcomes.length, "assertion")} hold`;
}
