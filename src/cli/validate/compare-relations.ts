import { validateObjectMember } from "../../engine/validate.ts";
import { RelataError } from "../../errors.ts";
import type { Schema } from "../../model/schema.ts";
import type { Tuple } from "../../model/tuple.ts";
import type { ExpectedRelation, ExpectedSubject } from "./document.ts";
import { linesOfSet } from "./subject-set.ts";
import { createSubjectsOf } from "./subjects-of.ts";

/** What became of one expected relation. */
export interface RelationOutcome {
  readonly expected: ExpectedRelation;
  readonly passed: boolean;
  /** Why nothing could be compared; empty when it could. */
  readonly message: string;
  /** Expected, and not so. */
  readonly missing: readonly ExpectedSubject[];
  /** So, and not expected, in canonical form. */
  readonly extra: readonly string[];
}

/** Both ways: every expected subject must be there as the line says, and nobody else. */
export function compareRelations(
  schema: Schema,
  tuples: readonly Tuple[],
  expectedRelations: readonly ExpectedRelation[],
  nowMs: number,
): readonly RelationOutcome[] {
  const subjectsOf = createSubjectsOf(schema, tuples, nowMs);
  return expectedRelations.map((expected) => {
    const { object, member, subjects } = expected;
    const message = unknownIn(schema, expected);
    if (message !== "") return { expected, passed: false, message, missing: [], extra: [] };
    const found = linesOfSet(subjectsOf(object, member));
    const missing = subjects.filter(({ subject, line }) => found.get(subject) !== line);
    const lines = new Set(subjects.map(({ line }) => line));
    const extra = [...found.values()].filter((line) => !lines.has(line));
    return { expected, passed: missing.length === 0 && extra.length === 0, message, missing, extra };
  });
}

function unknownIn(schema: Schema, { object, member }: ExpectedRelation): string {
  try {
    validateObjectMember(schema, object, member);
    return "";
  } catch (error) {
    if (error instanceof RelataError) return error.message;
    throw error;
  }
}
