import { RelataError } from "../errors.ts";

/** What a source in memory says instead of more rows than it may return: BUDGET_EXHAUSTED, and never a part of them. */
export function tooManyRows(maxRows: number): RelataError {
  return new RelataError(
    "BUDGET_EXHAUSTED",
    `Answering this needs more than ${maxRows} tuples. Ask something narrower, or have the limit raised.`,
    { metadata: { maxRows: String(maxRows) } },
  );
}

export function isTooManyRows(error: unknown): boolean {
  return error instanceof RelataError && error.reason === "BUDGET_EXHAUSTED";
}
