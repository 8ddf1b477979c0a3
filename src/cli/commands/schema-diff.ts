import type { Command } from "commander";
import { diffSchemas } from "../../dsl/diff.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json } from "../output.ts";
import { renderChanges, type ShownChange } from "../schema-changes.ts";
import { compiledOrFail, loadSchemaFile } from "../schema-source.ts";
import { styleFor } from "../style.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly against?: string;
  readonly json?: boolean;
}

export function registerSchemaDiff(parent: Command, shell: Shell): void {
  const command = leaf(parent, "diff", "say what a schema file would change")
    .argument("<file>", "the new schema")
    .option(
      "--against <file>",
      "compare with this older schema file instead of the tenant's current one (no server needed)",
    )
    .addHelpText(
      "after",
      "\nExit code 0 when nothing breaking changes, 1 when a change is breaking: against a file when it could strand tuples,\nagainst a server when a stored tuple does stand in the way.",
    );
  runs<[string], Options>(connectionFlags(command), shell, diff);
}

async function diff(context: CliContext, options: Options, file: string): Promise<ExitCode> {
  const { changes, against, breaks } = await (options.against === undefined
    ? diffServer(context, options, file)
    : diffFiles(context, options.against, file));
  if (options.json === true) json(context, { against, breaking: breaks, changes });
  else context.stdout.write(renderChanges(changes, styleFor(context.stdout, context.env)));
  return breaks ? EXIT.negative : EXIT.ok;
}

interface Difference {
  readonly changes: readonly ShownChange[];
  readonly against: string;
  readonly breaks: boolean;
}

async function diffFiles(context: CliContext, older: string, newer: string): Promise<Difference> {
  const before = compiledOrFail(context, await loadSchemaFile(context, older));
  const after = compiledOrFail(context, await loadSchemaFile(context, newer));
  const changes = diffSchemas(before.schema, after.schema).map(({ strands: _strands, ...change }) => ({
    ...change,
    exampleTuple: "",
  }));
  return { changes, against: older, breaks: changes.some(({ breaking }) => breaking) };
}

async function diffServer(context: CliContext, options: Options, file: string): Promise<Difference> {
  const { flat } = compiledOrFail(context, await loadSchemaFile(context, file));
  return withClient(context, options, async (client) => {
    const answer = await client.schemas.diff({ text: flat });
    const changes = answer.changes.map(({ kind, definition, member, message, breaking, exampleTuple }) => {
      return { kind, definition, member, message, breaking, exampleTuple };
    });
    const against = `version ${answer.currentVersion}`;
    return { changes, against, breaks: changes.some(({ exampleTuple }) => exampleTuple !== "") };
  });
}
