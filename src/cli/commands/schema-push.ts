import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { askOnTerminal } from "../confirm.ts";
import { type ConnectionOptions, connectionFlags, parseCount } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { renderChanges } from "../schema-changes.ts";
import { compiledOrFail, loadSchemaFile } from "../schema-source.ts";
import { styleFor } from "../style.ts";
import { withClient } from "../with-client.ts";

const MAX_VERSION = 2_147_483_647;

interface Options extends ConnectionOptions {
  readonly expectedVersion?: number;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function registerSchemaPush(parent: Command, shell: Shell): void {
  const command = leaf(parent, "push", "make a schema file the tenant's current schema")
    .argument("<file>", "the new schema; what it imports is put in")
    .option("--expected-version <n>", "refuse unless the tenant is at this version", (text) =>
      parseCount(text, "--expected-version", 0, MAX_VERSION),
    )
    .option("--yes", "do not ask on a terminal")
    .addHelpText(
      "after",
      "\nShows what changes. On a terminal it asks first; in a script it does not. A change that would strand stored tuples\nis refused, and names one.",
    );
  runs<[string], Options>(connectionFlags(command), shell, push);
}

async function push(context: CliContext, options: Options, file: string): Promise<ExitCode> {
  const compiled = compiledOrFail(context, await loadSchemaFile(context, file));
  const human = options.json !== true;
  return withClient(context, options, async (client) => {
    const { changes, currentVersion } = await client.schemas.diff({ text: compiled.flat });
    const style = styleFor(context.stdout, context.env);
    if (human) context.stdout.write(renderChanges(changes, style));
    const asks = human && options.yes !== true && context.stdin.isTTY === true && context.stdout.isTTY === true;
    if (asks && !(await confirm(context, currentVersion))) {
      line(context.stdout, "nothing was pushed");
      return EXIT.negative;
    }
    // What was shown is what is pushed: somebody else's push in between is refused.
    const expectedVersion = options.expectedVersion ?? currentVersion;
    const answer = await client.schemas.write({ text: compiled.flat, expectedVersion });
    const { version, consistencyToken } = answer;
    if (!human) {
      const shown = changes.map(({ kind, definition, member, message, breaking }) => ({
        kind,
        definition,
        member,
        message,
        breaking,
      }));
      json(context, { version, consistencyToken, changes: shown });
    } else if (version === currentVersion)
      line(context.stdout, `unchanged: the tenant is at version ${version} already`);
    else line(context.stdout, style.green(`version ${version} is current`));
    return EXIT.ok;
  });
}

async function confirm(context: CliContext, version: number): Promise<boolean> {
  return /^y(es)?$/i.test((await askOnTerminal(context, `replace version ${version}? [y/N] `)) ?? "");
}
