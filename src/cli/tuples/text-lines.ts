import { RelataError } from "../../errors.ts";
import type { Tuple } from "../../model/tuple.ts";
import { parseTuple } from "../../model/tuple-text.ts";
import type { Problem } from "../problem.ts";

/** A tuple and the line it was read from. */
export interface ReadTuple {
  readonly tuple: Tuple;
  readonly line: number;
}

/** One line of the text form: a tuple, or undefined for a blank line or a `//` comment. A mistake becomes a problem. */
export function readTupleLine(
  at: { readonly file: string; readonly line: number },
  text: string,
  problems: Problem[],
): ReadTuple | undefined {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.startsWith("//")) return undefined;
  try {
    return { tuple: parseTuple(trimmed), line: at.line };
  } catch (error) {
    if (!(error instanceof RelataError)) throw error;
    problems.push({ ...at, message: error.message });
    return undefined;
  }
}
