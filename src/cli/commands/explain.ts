import { toJson } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { Decision, type Explanation, ExplanationSchema } from "../../gen/relata/v1/authorization_service_pb.ts";
import { parseObject, parseSubject } from "../../model/tuple-text.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { decisionJson, decisionText } from "../decision-text.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";
import { type QuestionOptions, questionFlags, questionParts } from "../question-flags.ts";
import { styleFor } from "../style.ts";
import { renderTree } from "../tree/render-tree.ts";
import { treeFromWire } from "../tree/tree-from-wire.ts";
import { objectToWire, subjectToWire } from "../wire.ts";
import { withClient } from "../with-client.ts";
import { questionArguments } from "./check.ts";

interface Options extends ConnectionOptions, QuestionOptions {
  readonly full?: boolean;
}

export function registerExplain(parent: Command, shell: Shell): void {
  const command = questionFlags(
    questionArguments(leaf(parent, "explain", "why may, or may not, this subject do this?")),
  )
    .option("--full", "show all parts of a node, however many")
    .addHelpText(
      "after",
      `
Prints the answer as \`relata check\` does, with its exit codes, and below it the way that granted it, or all that was
tried: ✓ holds, ✗ does not, ? depends on context that was not given. It shows stored tuples, so the caller needs the scope
tuples:read besides check.

Example:
  relata explain document:readme view user:anne`,
    );
  runs<[string, string, string], Options>(connectionFlags(command), shell, explain);
}

async function explain(
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
    withExplanation: true,
    ...(await questionParts(context, options)),
  };
  return withClient(context, options, async (client) => {
    const answer = await client.authorization.check(request);
    const { explanation, consistencyToken } = answer;
    if (options.json === true) {
      const told = explanation === undefined ? {} : { explanation: toJson(ExplanationSchema, explanation) };
      json(context, { ...decisionJson(answer), consistencyToken, ...told });
    } else {
      line(context.stdout, decisionText(answer, styleFor(context.stdout, context.env)));
      printTree(context, explanation, options.full === true);
    }
    return answer.decision === Decision.ALLOWED ? EXIT.ok : EXIT.negative;
  });
}

function printTree(context: CliContext, explanation: Explanation | undefined, full: boolean): void {
  const style = styleFor(context.stdout, context.env);
  for (const text of renderTree(treeFromWire(explanation?.nodes ?? []), { style, full })) line(context.stdout, text);
  if (explanation?.truncated === true) line(context.stdout, style.dim("… more was tried than the server tells"));
}
