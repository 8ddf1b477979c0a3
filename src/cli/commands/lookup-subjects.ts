import type { Command } from "commander";
import { formatSubject } from "../../model/object.ts";
import { parseObject } from "../../model/tuple-text.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { badInput, type ExitCode } from "../exit.ts";
import { type LookupOptions, lookupFlags, lookupParts } from "../lookup-flags.ts";
import { printLookup } from "../lookup-output.ts";
import { type QuestionOptions, questionFlags, questionParts } from "../question-flags.ts";
import { objectToWire } from "../wire.ts";
import { withClient } from "../with-client.ts";

type Options = ConnectionOptions & QuestionOptions & LookupOptions;

export function registerLookupSubjects(parent: Command, shell: Shell): void {
  const bare = leaf(parent, "lookup-subjects", "which subjects of a type may do this to this object?")
    .argument("<object>", "what it is done to, type:id")
    .argument("<permission>", "a permission or relation of the object's type")
    .argument("<subject-type>", "who to look for: a type (user), or a relation of one (group#member)");
  const command = lookupFlags(questionFlags(bare), "subjects").addHelpText(
    "after",
    `
One subject per line, in order of id. \`user:*\` comes first where everybody may: subjects below it that are \`denied\` may
not, and those that are conditional depend on more than the rest. Exit code 0 when there is a subject, 1 when there is
none. Ctrl-C stops the work on the server too, and says how to go on.

Examples:
  relata lookup-subjects document:readme view user
  relata lookup-subjects document:readme view group#member`,
  );
  runs<[string, string, string], Options>(connectionFlags(command), shell, lookupSubjects);
}

async function lookupSubjects(
  context: CliContext,
  options: Options,
  objectText: string,
  permission: string,
  kindText: string,
): Promise<ExitCode> {
  const { type, relation } = parseKind(kindText);
  const request = {
    object: objectToWire(parseObject(objectText)),
    permission,
    subjectType: type,
    subjectRelation: relation,
    ...(await questionParts(context, options)),
    ...(await lookupParts(context, options)),
  };
  return withClient(context, options, (client) =>
    printLookup(context, options, (signal) => client.authorization.lookupSubjects(request, { signal }), {
      text: ({ subjectId }) => formatSubject({ type, id: subjectId, relation }),
      json: ({ subjectId }) => ({ subjectId }),
    }),
  );
}

/** `user` or `group#member`. @throws CliError for a subject with an id, which is easily typed instead */
function parseKind(text: string): { readonly type: string; readonly relation: string } {
  const match = /^(?<type>[a-z][a-z0-9_/]*)(?:#(?<relation>[a-z][a-z0-9_]*))?$/.exec(text);
  const { type, relation } = match?.groups ?? {};
  if (type !== undefined) return { type, relation: relation ?? "" };
  throw badInput(`not a kind of subject: ${JSON.stringify(text)}`, {
    where: "<subject-type>",
    hint: text.includes(":")
      ? "name a type without an id, such as user; to ask about one subject use `relata check`"
      : "write a type (user), or a type and a relation (group#member)",
  });
}
