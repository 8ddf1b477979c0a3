import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { EXIT, EXIT_MEANINGS, type ExitCode } from "./exit.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** How commands are hung into the tree and run. */
export interface Shell {
  readonly context: CliContext;
  /** Told the exit code of the command that ran. */
  finish(code: ExitCode): void;
}

/**
 * What a command does with its arguments and options, once commander has read them. Returns the exit code, or throws.
 * Commander types neither, so each command states the shape its own `argument` and `option` lines give it.
 */
export type Action<Arguments extends readonly unknown[], Options> = (
  context: CliContext,
  options: Options & Omit<CommonOptions, keyof Options>,
  ...args: Arguments
) => Promise<ExitCode>;

/** A command under `parent` with the options all commands share; hand it to `runs` when its own are added. */
export function leaf(parent: Command, name: string, summary: string): Command {
  return parent.command(name).summary(summary).description(summary);
}

export function runs<Arguments extends readonly unknown[], Options>(
  command: Command,
  shell: Shell,
  action: Action<Arguments, Options>,
): void {
  // A command that writes a file of JSON has said so itself.
  if (!command.options.some(({ long }) => long === "--json"))
    command.option("--json", "print JSON for programs instead of text for people");
  command.option("--verbose", "on an error, print the stack and every cause").action(async (...given: unknown[]) => {
    // commander calls action(...arguments, options, command)
    const args = given.slice(0, -2) as unknown as Arguments;
    const options = given.at(-2) as Options & Omit<CommonOptions, keyof Options>;
    shell.finish(await action(shell.context, options, ...args));
  });
}

/** The exit codes, as `--help` shows them. */
export function exitCodeHelp(): string {
  const lines = Object.entries(EXIT_MEANINGS).map(
    ([name, meaning]) => `  ${String(EXIT[name as keyof typeof EXIT]).padStart(2)}  ${meaning}`,
  );
  return `\nExit codes:\n${lines.join("\n")}`;
}
