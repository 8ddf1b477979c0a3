import { dirname, isAbsolute, join } from "node:path";
import { isMap, isScalar, type Node } from "yaml";
import type { CliContext } from "../context.ts";
import { CliError } from "../exit.ts";
import { readInput } from "../files.ts";
import type { Problem } from "../problem.ts";
import type { SchemaText } from "../schema-source.ts";
import { type ReadTuple, readTupleLine } from "../tuples/text-lines.ts";
import { isString, linesOf, parseYaml, textInPlace, type YamlFile } from "../yaml/place.ts";
import type { ValidationDocument } from "./document.ts";
import { readAssertions, readExpectedRelations } from "./read-expectations.ts";

const KEYS = ["schema", "schemaFile", "relationships", "assertions", "validation"] as const;
type Key = (typeof KEYS)[number];

const LEGACY_KEYS: Readonly<Record<string, string>> = {
  namespace_configs: "write the schema in the schema language under `schema:`",
  validation_tuples: "write one tuple per line under `relationships: |-`",
};

/** Reads the YAML of a validation file. Everything wrong with it is pushed onto `problems`, with its line. */
export async function readValidationYaml(
  context: CliContext,
  file: string,
  text: string,
  problems: Problem[],
): Promise<ValidationDocument> {
  const yaml = parseYaml(file, text, problems);
  const nodes = topLevel(yaml, problems);
  return {
    file,
    schema: await readSchema(context, yaml, nodes, problems),
    tuples: readTuples(yaml, nodes.get("relationships"), problems),
    assertions: readAssertions(yaml, nodes.get("assertions"), problems),
    expectedRelations: readExpectedRelations(yaml, nodes.get("validation"), problems),
  };
}

function topLevel(yaml: YamlFile, problems: Problem[]): Map<Key, Node | null> {
  const nodes = new Map<Key, Node | null>();
  if (problems.length > 0) return nodes;
  if (!isMap(yaml.root)) {
    problems.push({
      file: yaml.file,
      line: 1,
      message: "a validation file is a YAML mapping",
      hint: `keys: ${KEYS.join(", ")}`,
    });
    return nodes;
  }
  for (const { key, value } of yaml.root.items) {
    const name = isScalar(key) ? String(key.value) : String(key);
    if ((KEYS as readonly string[]).includes(name)) {
      nodes.set(name as Key, value as Node | null);
      continue;
    }
    const legacy = LEGACY_KEYS[name];
    problems.push({
      file: yaml.file,
      line: yaml.lineOf(key as Node),
      message: legacy === undefined ? `unknown key \`${name}\`` : `\`${name}\` is a key of an old format`,
      hint: legacy ?? `known keys: ${KEYS.join(", ")}`,
    });
  }
  return nodes;
}

async function readSchema(
  context: CliContext,
  yaml: YamlFile,
  nodes: ReadonlyMap<Key, Node | null>,
  problems: Problem[],
): Promise<SchemaText | undefined> {
  const inline = nodes.get("schema");
  const named = nodes.get("schemaFile");
  const problem = (node: Node | null | undefined, message: string) => {
    if (problems.length === 0 || node) problems.push({ file: yaml.file, line: yaml.lineOf(node), message });
    return undefined;
  };
  if (nodes.has("schema") && nodes.has("schemaFile")) {
    return problem(named, "give either `schema` or `schemaFile`, not both");
  }
  if (nodes.has("schema")) {
    if (!isString(inline)) return problem(inline, "`schema` must be text: write it as a block below `schema: |-`");
    return { file: yaml.file, text: textInPlace(yaml, inline) };
  }
  if (!nodes.has("schemaFile")) return problem(undefined, "a schema is missing: give `schema` or `schemaFile`");
  if (!isString(named)) return problem(named, "`schemaFile` must be a path");
  if (/^\w+:\/\//.test(named.value)) return problem(named, "`schemaFile` must be a local file, not a URL");
  const file = isAbsolute(named.value) ? named.value : join(dirname(yaml.file), named.value);
  try {
    return { file, text: await readInput(context, file) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return problem(named, error.message);
  }
}

function readTuples(yaml: YamlFile, node: Node | null | undefined, problems: Problem[]): readonly ReadTuple[] {
  if (node === undefined || node === null || (isScalar(node) && node.value === null)) return [];
  if (!isString(node)) {
    const message = "`relationships` must be text with one tuple per line: write it below `relationships: |-`";
    problems.push({ file: yaml.file, line: yaml.lineOf(node), message });
    return [];
  }
  const tuples: ReadTuple[] = [];
  for (const { text, line } of linesOf(yaml, node)) {
    const read = readTupleLine({ file: yaml.file, line }, text, problems);
    if (read !== undefined) tuples.push(read);
  }
  return tuples;
}
