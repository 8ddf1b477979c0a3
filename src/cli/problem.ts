import type { Style } from "./style.ts";

/** Something wrong at a place in an input file. */
export interface Problem {
  /** As the user named it. */
  readonly file: string;
  /** From 1; 0 when the file as a whole is meant. */
  readonly line: number;
  readonly message: string;
  readonly hint?: string;
}

/** `file:line: message`, the form editors and CI systems make clickable, and the hint below. */
export function formatProblem(problem: Problem, style: Style): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}`;
  const at = style.bold(`${place}:`);
  const hint = problem.hint === undefined ? "" : `\n  ${style.cyan("help")}: ${problem.hint}`;
  return `${at} ${problem.message}${hint}`;
}
