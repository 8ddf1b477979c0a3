import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { count, json, line } from "../output.ts";
import { lintCompiled, loadSchemaFile } from "../schema-source.ts";

interface Options {
  readonly json?: boolean;
}

export function registerSchemaLint(parent: Command, shell: Shell): void {
  const command = leaf(parent, "lint", "compile schema files and say what is wrong or doubtful in them")
    .argument("<file...>", "schema files; imports are resolved relative to each")
    .addHelpText("after", "\nExit code 1 when there are only warnings, 2 when a file does not compile.");
  runs<[string[]], Options>(command, shell, lint);
}

async function lint(context: CliContext, options: Options, files: readonly string[]): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  for (const file of files) {
    const compiled = await loadSchemaFile(context, file);
    const diagnostics = [...compiled.diagnostics, ...lintCompiled(compiled)];
    const errors = diagnostics.filter(({ severity }) => severity === "error").length;
    const warnings = diagnostics.length - errors;
    if (options.json === true) json(context, { file, errors, warnings, diagnostics });
    else {
      context.stdout.write(compiled.render(diagnostics));
      line(
        context.stdout,
        `${file}: ${diagnostics.length === 0 ? "nothing to say" : `${count(errors, "error")}, ${count(warnings, "warning")}`}`,
      );
    }
    if (errors > 0) exit = EXIT.usage;
    else if (warnings > 0 && exit === EXIT.ok) exit = EXIT.negative;
  }
  return exit;
}
