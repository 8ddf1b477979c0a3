import type { Command } from "commander";
import { parseSubject } from "../../model/tuple-text.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { type LookupOptions, lookupFlags, lookupParts } from "../lookup-flags.ts";
import { printLookup } from "../lookup-output.ts";
import { type QuestionOptions, questionFlags, questionParts } from "../question-flags.ts";
import { subjectToWire } from "../wire.ts";
import { withClient } from "../with-client.ts";

type Options = ConnectionOptions & QuestionOptions & LookupOptions;

export function registerLookupResources(parent: Command, shell: Shell): void {
  const bare = leaf(parent, "lookup-resources", "which objects of a type may this subject do this to?")
    .argument("<type>", "the type of the objects")
    .argument("<permission>", "a permission or relation of that type")
    .argument("<subject>", "who does it, type:id or type:id#relation");
  const command = lookupFlags(questionFlags(bare), "objects").addHelpText(
    "after",
    `
One object per line, in order of id, as they are found. Behind an object stands \`conditional: needs …\` where context is
missing, and \`until …\` where a tuple ends. Exit code 0 when there is an object, 1 when there is none. Ctrl-C stops the
work on the server too, and says how to go on.

Examples:
  relata lookup-resources document view user:anne
  relata lookup-resources document view user:anne --count`,
  );
  runs<[string, string, string], Options>(connectionFlags(command), shell, lookupResources);
}

async function lookupResources(
  context: CliContext,
  options: Options,
  objectType: string,
  permission: string,
  subjectText: string,
): Promise<ExitCode> {
  const request = {
    objectType,
    permission,
    subject: subjectToWire(parseSubject(subjectText)),
    ...(await questionParts(context, options)),
    ...(await lookupParts(context, options)),
  };
  return withClient(context, options, (client) =>
    printLookup(context, options, (signal) => client.authorization.lookupResources(request, { signal }), {
      text: ({ objectId }) => `${objectType}:${objectId}`,
      json: ({ objectId }) => ({ objectId }),
    }),
  );
}
