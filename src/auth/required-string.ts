import { refuse } from "./refusal.ts";
import type { JsonMembers } from "./strict-json.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a log
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * The string in a claim; refused when absent, empty or something else.
 * @param maxBytes of one that is kept and shown, which then holds no control characters either
 * @param where of the members, for the log
 */
export function requiredString(members: JsonMembers, name: string, maxBytes?: number, where = ""): string {
  const value = members.get(name);
  if (value === undefined) refuse("claim_missing", `${where}${name}`);
  if (typeof value !== "string" || value === "") refuse("claim_invalid", `${where}${name}`);
  if (maxBytes !== undefined && (Buffer.byteLength(value) > maxBytes || CONTROL.test(value)))
    refuse("claim_invalid", `${where}${name}`);
  return value;
}
