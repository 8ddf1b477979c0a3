import { open } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { isMap, isScalar, type Node } from "yaml";
import { TupleSchema } from "../../gen/relata/v1/core_pb.ts";
import { formatTuple } from "../../model/tuple-text.ts";
import type { CliContext } from "../context.ts";
import { badInput } from "../exit.ts";
import { cannotRead, readInput } from "../files.ts";
import type { Problem } from "../problem.ts";
import { tupleFromWire } from "../wire.ts";
import { isString, linesOf, parseYaml } from "../yaml/place.ts";
import { type ReadTuple, readTupleLine } from "./text-lines.ts";

export const TUPLE_FORMATS = ["text", "yaml", "jsonl"] as const;
export type TupleFormat = (typeof TUPLE_FORMATS)[number];

/** A file of tuples, or `-` for stdin. */
export interface TupleSourceFile {
  readonly file: string;
  readonly format: TupleFormat;
}

export function sourceOf(file: string, format: TupleFormat | undefined): TupleSourceFile {
  const extension = extname(file).toLowerCase();
  const byName = [".yaml", ".yml"].includes(extension)
    ? "yaml"
    : [".jsonl", ".ndjson", ".json"].includes(extension)
      ? "jsonl"
      : "text";
  return { file, format: format ?? byName };
}

/** The tuples of a file, read as they are asked for. Mistakes are pushed onto `problems` and passed over. */
export async function* readTuples(
  context: CliContext,
  source: TupleSourceFile,
  problems: Problem[],
): AsyncGenerator<ReadTuple> {
  if (source.format === "yaml") {
    yield* yamlTuples(source.file, await readInput(context, source.file), problems);
    return;
  }
  const readLine = source.format === "text" ? readTupleLine : readJsonLine;
  let line = 0;
  for await (const text of linesIn(context, source.file)) {
    line += 1;
    const read = readLine({ file: source.file, line }, text, problems);
    if (read !== undefined) yield read;
  }
}

async function* linesIn(context: CliContext, file: string): AsyncGenerator<string> {
  if (file === "-") {
    yield* createInterface({ input: context.stdin, crlfDelay: Number.POSITIVE_INFINITY });
    return;
  }
  try {
    const handle = await open(resolve(context.cwd, file));
    yield* handle.readLines();
  } catch (error) {
    throw cannotRead(file, error);
  }
}

/** A tuple as the API's JSON (what `tuple read --json` prints), or its text form as a JSON string. */
function readJsonLine(
  at: { readonly file: string; readonly line: number },
  text: string,
  problems: Problem[],
): ReadTuple | undefined {
  if (text.trim() === "") return undefined;
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    problems.push({ ...at, message: `not JSON: ${messageOf(error)}`, hint: "one JSON value per line" });
    return undefined;
  }
  if (typeof value === "string") return readTupleLine(at, value, problems);
  try {
    const tuple = tupleFromWire(fromJson(TupleSchema, value));
    // The text form has all the rules; this checks a JSON tuple by the same.
    return readTupleLine(at, formatTuple(tuple), problems);
  } catch (error) {
    const hint =
      '{"object":{"type":"document","id":"1"},"relation":"viewer","subject":{"object":{"type":"user","id":"anne"}}}';
    problems.push({ ...at, message: `not a tuple: ${messageOf(error)}`, hint: `write it as ${hint}` });
    return undefined;
  }
}

/** The `relationships` block of a validation file; the other blocks of such a file are not for importing. */
function* yamlTuples(file: string, text: string, problems: Problem[]): Generator<ReadTuple> {
  const yaml = parseYaml(file, text, problems);
  if (problems.length > 0) return;
  const pair = isMap(yaml.root)
    ? yaml.root.items.find(({ key }) => isScalar(key) && key.value === "relationships")
    : undefined;
  if (pair === undefined) {
    problems.push({
      file,
      line: 1,
      message: "no `relationships:` block to import",
      hint: "put one tuple per line below `relationships: |-`",
    });
    return;
  }
  if (!isString(pair.value)) {
    const empty = pair.value === null || (isScalar(pair.value) && pair.value.value === null);
    const message = "`relationships` must be text with one tuple per line: write it below `relationships: |-`";
    if (!empty) problems.push({ file, line: yaml.lineOf(pair.value as Node), message });
    return;
  }
  for (const { text: lineText, line } of linesOf(yaml, pair.value)) {
    const read = readTupleLine({ file, line }, lineText, problems);
    if (read !== undefined) yield read;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function parseFormat(text: string): TupleFormat {
  const format = TUPLE_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw badInput(`unknown format ${JSON.stringify(text)}`, {
    where: "--format",
    hint: `one of ${TUPLE_FORMATS.join(", ")}`,
  });
}
