import { RelataError } from "../../errors.ts";

/** Control characters, which belong in no name and could forge lines where names are shown. */
const CONTROL = /\p{Cc}/u;

/**
 * Text of a caller's that is stored and shown: well-formed, without control characters, of so many characters.
 * @throws INVALID_REQUEST
 */
export function requireText(field: string, text: string, least: number, most: number): string {
  const length = [...text].length;
  if (length >= least && length <= most && text.isWellFormed() && !CONTROL.test(text)) return text;
  const size = least === 0 ? `at most ${most}` : `${least} to ${most}`;
  throw invalid(field, `must be ${size} characters without control characters`);
}

export function invalid(field: string, problem: string): RelataError {
  return new RelataError("INVALID_REQUEST", `${field} ${problem}`, { metadata: { field } });
}
