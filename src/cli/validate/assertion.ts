import { RelataError } from "../../errors.ts";
import type { Decision } from "../../model/decision.ts";
import type { JsonObject } from "../../model/tuple.ts";
import { parseTuple } from "../../model/tuple-text.ts";
import type { Problem } from "../problem.ts";
import type { Spot } from "../yaml/spot.ts";
import type { Assertion } from "./document.ts";

/** The lists of an `assertions:` block and what each says the answer is. */
export const ASSERTION_LISTS = {
  assertTrue: "allowed",
  assertFalse: "denied",
  assertCaveated: "conditional",
} as const satisfies Record<string, Decision["kind"]>;

/** `object#permission@subject`, maybe followed by ` with {json}`. A mistake becomes a problem. */
export function readAssertion(
  { file, spot }: { readonly file: string; readonly spot: Spot },
  expected: Decision["kind"],
  written: string,
  problems: Problem[],
): Assertion | undefined {
  const at = { file, line: spot.line };
  const text = written.trim();
  const split = text.search(/\swith\s/);
  const question = split < 0 ? text : text.slice(0, split).trim();
  const context = split < 0 ? {} : readContext(at, text.slice(split).replace(/^\s*with\s+/, ""), problems);
  if (question.includes("[")) {
    problems.push({
      ...at,
      message: `an assertion is a question and holds no caveat or expiration: ${text}`,
      hint: 'give context after the subject: document:1#view@user:anne with {"key": "value"}',
    });
    return undefined;
  }
  try {
    const asked = parseTuple(question);
    if (context === undefined) return undefined;
    return {
      expected,
      text,
      spot,
      object: { type: asked.objectType, id: asked.objectId },
      permission: asked.relation,
      subject: { type: asked.subjectType, id: asked.subjectId, relation: asked.subjectRelation },
      context,
    };
  } catch (error) {
    if (!(error instanceof RelataError)) throw error;
    problems.push({ ...at, message: error.message, hint: "an assertion reads object#permission@subject" });
    return undefined;
  }
}

function readContext(
  at: { readonly file: string; readonly line: number },
  text: string,
  problems: Problem[],
): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
    problems.push({ ...at, message: `the context after "with" must be a JSON object: ${text}` });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    problems.push({ ...at, message: `the context after "with" is not JSON: ${why}` });
  }
  return undefined;
}
