import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import type { Command } from "commander";
import type { ConsistencySchema, TupleSchema } from "../gen/relata/v1/core_pb.ts";
import { parseTuple } from "../model/tuple-text.ts";
import type { CliContext } from "./context.ts";
import { badInput } from "./exit.ts";
import { readInput } from "./files.ts";
import { parseJsonObject } from "./json-flag.ts";
import { count } from "./output.ts";
import type { Problem } from "./problem.ts";
import { readTuples, sourceOf } from "./tuples/read-source.ts";
import { CONSISTENCY_HELP, parseConsistency, tupleToWire } from "./wire.ts";

/** Flags of every command that asks the graph. */
export interface ConsistencyOptions {
  readonly consistency?: MessageInitShape<typeof ConsistencySchema>;
}

/** Flags of those whose answer depends on caveats. */
export interface QuestionOptions extends ConsistencyOptions {
  readonly context?: string;
  readonly contextualTuple?: readonly string[];
  readonly contextualTuples?: string;
}

export function consistencyFlag(command: Command): Command {
  return command.option("--consistency <mode>", `how fresh the answer must be: ${CONSISTENCY_HELP}`, parseConsistency);
}

export function questionFlags(command: Command): Command {
  return consistencyFlag(command)
    .option("--context <json|@file>", "values for caveat parameters, a JSON object")
    .option("--contextual-tuple <tuple>", "a tuple that holds for this question alone; may be repeated", append)
    .option("--contextual-tuples <file>", "the same from a file that `relata tuple import` could read, or - for stdin");
}

/** The part of a request that these flags make. */
export interface QuestionParts {
  readonly consistency?: MessageInitShape<typeof ConsistencySchema>;
  readonly context?: JsonObject;
  readonly contextualTuples: MessageInitShape<typeof TupleSchema>[];
}

/** @throws CliError for JSON that is none, RelataError for a tuple that is none */
export async function questionParts(context: CliContext, options: QuestionOptions): Promise<QuestionParts> {
  const given = await readContext(context, options.context);
  return {
    ...(options.consistency !== undefined && { consistency: options.consistency }),
    ...(given !== undefined && { context: given }),
    contextualTuples: [
      ...(options.contextualTuple ?? []).map((text) => tupleToWire(parseTuple(text))),
      ...(await readContextualTuples(context, options.contextualTuples)),
    ],
  };
}

export function append(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

async function readContext(context: CliContext, text: string | undefined): Promise<JsonObject | undefined> {
  if (text === undefined) return undefined;
  const json = text.startsWith("@") ? await readInput(context, text.slice(1)) : text;
  return parseJsonObject(json, "--context");
}

async function readContextualTuples(
  context: CliContext,
  file: string | undefined,
): Promise<MessageInitShape<typeof TupleSchema>[]> {
  if (file === undefined) return [];
  const problems: Problem[] = [];
  const tuples: MessageInitShape<typeof TupleSchema>[] = [];
  for await (const { tuple } of readTuples(context, sourceOf(file, undefined), problems)) {
    tuples.push(tupleToWire(tuple));
  }
  if (problems.length === 0) return tuples;
  throw badInput(`${count(problems.length, "line")} of ${file} cannot be read; nothing was asked`, { problems });
}
