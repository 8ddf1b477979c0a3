import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { renderDiagnostics } from "../../dsl/diagnostic.ts";
import { formatSchema } from "../../dsl/print.ts";
import { leaf, runs, type Shell } from "../command.ts";
import type { CliContext } from "../context.ts";
import { badInput, EXIT, type ExitCode } from "../exit.ts";
import { cannotWrite, readInput } from "../files.ts";
import { count, json, line } from "../output.ts";

interface Options {
  readonly check?: boolean;
  readonly write?: boolean;
  readonly json?: boolean;
}

export function registerSchemaFmt(parent: Command, shell: Shell): void {
  const command = leaf(parent, "fmt", "print schema files in their canonical form, comments kept")
    .argument("<file...>", "schema files, or - for stdin")
    .option("--check", "change nothing; exit code 1 when a file is not in canonical form")
    .option("--write", "rewrite the files");
  runs<[string[]], Options>(command, shell, format);
}

interface Formatted {
  readonly file: string;
  readonly changed: boolean;
  readonly text: string;
}

async function format(context: CliContext, options: Options, files: readonly string[]): Promise<ExitCode> {
  if (options.check === true && options.write === true) throw badInput("give --check or --write, not both");
  if (options.write === true && files.includes("-")) throw badInput("--write needs files; stdin cannot be rewritten");
  if (options.check !== true && options.write !== true && files.length > 1 && options.json !== true) {
    throw badInput("several files would be printed as one", { hint: "use --write to rewrite them, or --check" });
  }
  const results: Formatted[] = [];
  for (const file of files) results.push(await formatFile(context, file));
  const changed = results.filter((result) => result.changed);
  if (options.write === true) for (const { file, text } of changed) await rewrite(context, file, text);
  print(context, options, results);
  return options.check === true && changed.length > 0 ? EXIT.negative : EXIT.ok;
}

async function formatFile(context: CliContext, file: string): Promise<Formatted> {
  const before = await readInput(context, file);
  const { text, diagnostics } = formatSchema(before, { file });
  if (text !== undefined) return { file, changed: text !== before, text };
  context.stderr.write(renderDiagnostics(before, diagnostics));
  throw badInput(`${file} cannot be parsed, so it cannot be formatted`, { where: file });
}

async function rewrite(context: CliContext, file: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(context.cwd, file), text);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

function print(context: CliContext, options: Options, results: readonly Formatted[]): void {
  if (options.json === true) {
    for (const { file, changed, text } of results) json(context, { file, changed, text });
    return;
  }
  if (options.check !== true && options.write !== true) {
    for (const { text } of results) context.stdout.write(text);
    return;
  }
  const changed = results.filter((result) => result.changed);
  for (const { file } of changed)
    line(context.stdout, options.write === true ? `rewrote ${file}` : `not formatted: ${file}`);
  if (changed.length === 0) line(context.stdout, `${count(results.length, "file")} in canonical form`);
}
