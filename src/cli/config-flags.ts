import { resolve } from "node:path";
import type { Command } from "commander";
import type { ConfigInput } from "../config.ts";
import type { CliContext } from "./context.ts";

/** Flags of the commands that read the service's configuration. */
export interface ConfigOptions {
  readonly config?: string;
}

export function configFlags(command: Command): Command {
  return command.option(
    "--config <file>",
    "the YAML configuration file (RELATA_CONFIG); environment variables win over it",
  );
}

/** File, environment, and flags on top: `overrides` are flags by the variable they stand for. */
export function configInput(
  context: CliContext,
  options: ConfigOptions,
  overrides: Readonly<Record<string, string | undefined>>,
): ConfigInput {
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  const file = options.config ?? (context.env["RELATA_CONFIG"] || undefined);
  const { RELATA_CONFIG: _file, ...env } = context.env;
  return {
    ...(file !== undefined && { file: resolve(context.cwd, file) }),
    env: { ...env, ...Object.fromEntries(given) },
  };
}
