import type { Command } from "commander";
import { type CheckResponse, Decision } from "../../gen/relata/v1/authorization_service_pb.ts";
import { parseObject, parseSubject } from "../../model/tuple-text.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { decisionJson, decisionText } from "../decision-text.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { type QuestionOptions, questionFlags, questionParts } from "../question-flags.ts";
import { styleFor } from "../style.ts";
import { objectToWire, subjectToWire } from "../wire.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions, QuestionOptions {
  readonly debug?: boolean;
}

export function registerCheck(parent: Command, shell: Shell): void {
  const command = questionFlags(questionArguments(leaf(parent, "check", "may this subject do this to this object?")))
    .option("--debug", "also print how much work the answer took")
    .addHelpText(
      "after",
      `
Prints \`allowed\` (exit code 0), or \`denied\` or \`conditional: needs …\` (exit code 1). \`until …\` is the time at which the
answer will change by itself, since a tuple ends then.

Examples:
  relata check document:readme view user:anne
  relata check document:readme view user:anne --context '{"hour": 9}'
  relata check document:readme view user:anne --contextual-tuple document:readme#viewer@user:anne`,
    );
  runs<[string, string, string], Options>(connectionFlags(command), shell, check);
}

export function questionArguments(command: Command): Command {
  return command
    .argument("<object>", "what it is done to, type:id")
    .argument("<permission>", "a permission or relation of the object's type")
    .argument("<subject>", "who does it, type:id or type:id#relation");
}

async function check(
  context: CliContext,
  options: Options & { readonly json?: boolean },
  objectText: string,
  permission: string,
  subjectText: string,
): Promise<ExitCode> {
  const request = {
    object: objectToWire(parseObject(objectText)),
    permission,
    subject: subjectToWire(parseSubject(subjectText)),
    withDebug: options.debug === true,
    ...(await questionParts(context, options)),
  };
  return withClient(context, options, async (client) => {
    const answer = await client.authorization.check(request);
    if (options.json === true) json(context, answerToJson(answer));
    else print(context, answer);
    return answer.decision === Decision.ALLOWED ? EXIT.ok : EXIT.negative;
  });
}

function print(context: CliContext, answer: CheckResponse): void {
  const style = styleFor(context.stdout, context.env);
  line(context.stdout, decisionText(answer, style));
  if (answer.debug === undefined) return;
  const { rounds, rows, nodes } = answer.debug;
  line(context.stdout, style.dim(`rounds ${rounds}, tuples read ${rows}, problems visited ${nodes}`));
  line(context.stdout, style.dim(`consistency token ${answer.consistencyToken}`));
}

function answerToJson(answer: CheckResponse): unknown {
  return {
    ...decisionJson(answer),
    consistencyToken: answer.consistencyToken,
    ...(answer.debug && { debug: { rounds: answer.debug.rounds, rows: answer.debug.rows, nodes: answer.debug.nodes } }),
  };
}
