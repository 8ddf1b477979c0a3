import type { LineCounter, Node } from "yaml";
import { printable } from "../printable.ts";
import type { Style } from "../style.ts";

/** Where in a file something stands, with its line to show. */
export interface Spot {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  readonly width: number;
  readonly text: string;
}

const MAX_SHOWN = 140;

export function spotOf(lines: LineCounter, fileText: string, node: Node | null | undefined): Spot {
  const [start, end] = node?.range ?? [0, 0];
  const { line, col: column } = lines.linePos(start);
  const from = start - (column - 1);
  const newline = fileText.indexOf("\n", from);
  const text = fileText.slice(from, newline < 0 ? undefined : newline).trimEnd();
  return { line, column, width: Math.max(1, Math.min(end - start, text.length - (column - 1))), text };
}

/** The line with its number, and carets below what is meant. */
export function renderSpot({ line, column, width, text }: Spot, style: Style): readonly string[] {
  const gutter = " ".repeat(String(line).length);
  const indent = text.length - text.trimStart().length;
  const shown = printable(text.slice(indent, indent + MAX_SHOWN));
  const before = column - 1 - indent;
  // A line too long to be shown whole, or one where blanks stand in a row, keeps its text and loses its carets.
  const faithful = before >= 0 && text.slice(indent, indent + MAX_SHOWN) === shown;
  const carets = "^".repeat(Math.max(1, Math.min(width, shown.length - before)));
  return [
    `${style.dim(`${line} |`)} ${shown}`,
    ...(faithful ? [`${style.dim(`${gutter} |`)} ${" ".repeat(before)}${style.red(carets)}`] : []),
  ];
}
