import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { Problem } from "../problem.ts";
import { isString, type YamlFile } from "../yaml/place.ts";
import { ASSERTION_LISTS, readAssertion } from "./assertion.ts";
import type { Assertion, ExpectedRelation } from "./document.ts";
import { readExpectedRelation, readExpectedSubject } from "./expected-relation.ts";

type YamlNode = Node | null | undefined;

/** The `assertions:` block. */
export function readAssertions(yaml: YamlFile, node: YamlNode, problems: Problem[]): readonly Assertion[] {
  const known = Object.keys(ASSERTION_LISTS).join(", ");
  const assertions: Assertion[] = [];
  for (const { name, key, value } of entriesOf(yaml, node, `\`assertions\` must be a mapping of ${known}`, problems)) {
    const { file } = yaml;
    const expected = Object.hasOwn(ASSERTION_LISTS, name)
      ? ASSERTION_LISTS[name as keyof typeof ASSERTION_LISTS]
      : undefined;
    if (expected === undefined) {
      const message = `unknown key \`${name}\` under assertions`;
      problems.push({ file, line: yaml.lineOf(key), message, hint: `known keys: ${known}` });
      continue;
    }
    for (const item of itemsOf(yaml, { key, value }, `\`${name}\` must be a list of assertions`, problems)) {
      const spot = yaml.spotOf(item);
      if (isString(item)) {
        const read = readAssertion({ file, spot }, expected, item.value, problems);
        if (read !== undefined) assertions.push(read);
      } else problems.push({ file, line: spot.line, message: "an assertion must be a string; quote it" });
    }
  }
  return assertions;
}

/** The `validation:` block. */
export function readExpectedRelations(
  yaml: YamlFile,
  node: YamlNode,
  problems: Problem[],
): readonly ExpectedRelation[] {
  const relations: ExpectedRelation[] = [];
  for (const { name, key, value } of entriesOf(yaml, node, "`validation` must be a mapping", problems)) {
    const { file } = yaml;
    const entry = { key, value };
    const subjects = itemsOf(yaml, entry, `\`${name}\` must be a list of subjects`, problems).flatMap((item) => {
      const spot = yaml.spotOf(item);
      if (isString(item)) return readExpectedSubject({ file, spot }, item.value, problems) ?? [];
      problems.push({ file, line: spot.line, message: "an expected subject must be a string; quote it" });
      return [];
    });
    const read = readExpectedRelation({ file, spot: yaml.spotOf(key) }, name, subjects, problems);
    if (read !== undefined) relations.push(read);
  }
  return relations;
}

interface Entry {
  readonly name: string;
  readonly key: Node;
  readonly value: unknown;
}

/** None for a block that is left empty. */
function entriesOf(yaml: YamlFile, node: YamlNode, otherwise: string, problems: Problem[]): readonly Entry[] {
  if (isEmpty(node)) return [];
  if (!isMap(node)) {
    problems.push({ file: yaml.file, line: yaml.lineOf(node), message: otherwise });
    return [];
  }
  return node.items.map(({ key, value }) => ({
    name: isScalar(key) ? String(key.value) : String(key),
    key: key as Node,
    value,
  }));
}

function itemsOf(
  yaml: YamlFile,
  { key, value }: Pick<Entry, "key" | "value">,
  otherwise: string,
  problems: Problem[],
): readonly Node[] {
  if (isEmpty(value)) return [];
  if (isSeq(value)) return value.items as Node[];
  problems.push({ file: yaml.file, line: yaml.lineOf(key), message: otherwise });
  return [];
}

function isEmpty(node: unknown): boolean {
  return node === undefined || node === null || (isScalar(node) && node.value === null);
}
