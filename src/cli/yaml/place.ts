import { isScalar, LineCounter, type Node, type ParsedNode, parseDocument, Scalar } from "yaml";
import type { Problem } from "../problem.ts";
import { type Spot, spotOf } from "./spot.ts";

/** A YAML file with positions. */
export interface YamlFile {
  readonly file: string;
  readonly text: string;
  readonly root: ParsedNode | null;
  /** Line, from 1, where a node starts. */
  lineOf(node: Node | null | undefined): number;
  /** Where a node stands, with its line to show. */
  spotOf(node: Node | null | undefined): Spot;
}

/** Parses one document; syntax errors and duplicate keys become problems, all of them. */
export function parseYaml(file: string, text: string, problems: Problem[]): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  for (const error of document.errors) {
    const message =
      error.code === "MULTIPLE_DOCS" ? "one YAML document is expected, this file has several" : error.message;
    problems.push({ file, line: lines.linePos(error.pos[0]).line, message: `not valid YAML: ${message}` });
  }
  return {
    file,
    text,
    root: document.contents,
    lineOf: (node) => lines.linePos(node?.range?.[0] ?? 0).line,
    spotOf: (node) => spotOf(lines, text, node),
  };
}

/** A line of a text that stands in a YAML file. */
export interface TextLine {
  readonly text: string;
  /** In the YAML file, from 1. */
  readonly line: number;
}

/** The lines of a string node, each with its line in the file; the node's own where that cannot be told. */
export function linesOf(yaml: YamlFile, node: Scalar<string>): readonly TextLine[] {
  const start = yaml.lineOf(node as Node);
  const raw = yaml.text.split(/\r?\n/);
  // Folding joins and drops lines, so each is looked for from where the one before it was found.
  let from = start;
  return node.value.split("\n").map((text) => {
    const found =
      text.trim() === "" ? -1 : raw.findIndex((line, index) => index >= from && line.trim() === text.trim());
    if (found < 0) return { text, line: start };
    from = found + 1;
    return { text, line: found + 1 };
  });
}

/**
 * A block literal as it stands in the file, indentation and all, below as many empty lines as there are above it: what
 * is said about a place in this text holds for the file. Other strings are returned as they are.
 */
export function textInPlace(yaml: YamlFile, node: Scalar<string>): string {
  if (node.type !== Scalar.BLOCK_LITERAL) return node.value;
  const start = yaml.lineOf(node as Node);
  const lines = node.value.replace(/\n$/, "").split("\n");
  const raw = yaml.text.split(/\r?\n/).slice(start, start + lines.length);
  // Comments or blank lines after the `|` may move the text; then its own lines are better than wrong ones.
  const inPlace = raw.length === lines.length && raw.every((text, index) => text.endsWith(lines[index] ?? ""));
  return inPlace ? `${"\n".repeat(start)}${raw.join("\n")}\n` : node.value;
}

export function isString(node: unknown): node is Scalar<string> {
  return isScalar(node) && typeof node.value === "string";
}
