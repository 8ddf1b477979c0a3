import type { Command } from "commander";
import { type CheckResponse, Decision } from "../../gen/relata/v1/authorization_service_pb.ts";
import { parseObject, parseSubject } from "../../model/tuple-text.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConnectionOptions, connectionFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { parseJsonObject } from "../json-flag.ts";
import { json, line } from "../output.ts";
import { styleFor } from "../style.ts";
import { CONSISTENCY_HELP, objectToWire, parseConsistency, subjectToWire } from "../wire.ts";
import { withClient } from "../with-client.ts";

interface Options extends ConnectionOptions {
  readonly consistency?: ReturnType<typeof parseConsistency>;
  readonly context?: ReturnType<typeof parseJsonObject>;
  readonly debug?: boolean;
}

export function registerCheck(parent: Command, shell: Shell): void {
  const command = leaf(parent, "check", "may this subject do this to this object?")
    .argument("<object>", "what it is done to, type:id")
    .argument("<permission>", "a permission or relation of the object's type")
    .argument("<subject>", "who does it, type:id or type:id#relation")
    .option("--consistency <mode>", `how fresh the answer must be: ${CONSISTENCY_HELP}`, parseConsistency)
    .option("--context <json>", "values for caveat parameters, a JSON object", (text) =>
      parseJsonObject(text, "--context"),
    )
    .option("--debug", "also print how much work the answer took")
    .addHelpText(
      "after",
      "\nPrints `allowed` (exit code 0), or `denied` or `conditional` (exit code 1).\n\nExample:\n  relata check document:readme view user:anne",
    );
  runs<[string, string, string], Options>(connectionFlags(command), shell, check);
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
    ...(options.context !== undefined && { context: options.context }),
    ...(options.consistency !== undefined && { consistency: options.consistency }),
  };
  return withClient(context, options, async (client) => {
    const answer = await client.authorization.check(request);
    if (options.json === true) json(context, answerToJson(answer));
    else print(context, answer);
    return answer.decision === Decision.ALLOWED ? EXIT.ok : EXIT.negative;
  });
}

const WORDS: Readonly<Record<number, string>> = {
  [Decision.ALLOWED]: "allowed",
  [Decision.DENIED]: "denied",
  [Decision.CONDITIONAL]: "conditional",
};

function print(context: CliContext, answer: CheckResponse): void {
  const style = styleFor(context.stdout, context.env);
  const word = WORDS[answer.decision] ?? "unknown";
  const colour = answer.decision === Decision.ALLOWED ? style.green : style.red;
  const missing = answer.missingContext.length === 0 ? "" : ` (depends on ${answer.missingContext.join(", ")})`;
  line(context.stdout, colour(word) + missing);
  if (answer.debug === undefined) return;
  const { rounds, rows, nodes } = answer.debug;
  line(context.stdout, style.dim(`rounds ${rounds}, tuples read ${rows}, problems visited ${nodes}`));
  line(context.stdout, style.dim(`consistency token ${answer.consistencyToken}`));
}

function answerToJson(answer: CheckResponse): unknown {
  return {
    decision: WORDS[answer.decision] ?? "unknown",
    ...(answer.missingContext.length > 0 && { missingContext: answer.missingContext }),
    consistencyToken: answer.consistencyToken,
    ...(answer.debug && { debug: { rounds: answer.debug.rounds, rows: answer.debug.rows, nodes: answer.debug.nodes } }),
  };
}
