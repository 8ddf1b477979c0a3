import type { Question } from "../../src/engine/solver.ts";
import { formatObject, formatSubject } from "../../src/model/object.ts";
import { formatTimestamp } from "../../src/model/timestamp.ts";
import type { Draft, DraftExpression, DraftType } from "./arbitrary.ts";
import { printSchema } from "./arbitrary-print.ts";
import type { Asking } from "./arbitrary-world.ts";

/**
 * Takes away tuples, contextual ones, members, allowed subjects and parts of expressions for as long as `fails` still holds.
 * @param fails false also for drafts that do not compile
 */
export async function shrink(draft: Draft, fails: (draft: Draft) => boolean | Promise<boolean>): Promise<Draft> {
  let smallest = draft;
  for (let smaller = true; smaller; ) {
    smaller = false;
    for (const candidate of smallerDrafts(smallest)) {
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      smaller = true;
      break;
    }
  }
  return smallest;
}

function* smallerDrafts(draft: Draft): Generator<Draft> {
  for (const tuples of without(draft.tuples)) yield { ...draft, tuples };
  for (const contextual of without(draft.contextual)) yield { ...draft, contextual };
  for (const types of without(draft.types)) yield { ...draft, types };
  for (const [index, type] of draft.types.entries()) {
    for (const smaller of smallerTypes(type)) yield { ...draft, types: draft.types.with(index, smaller) };
  }
}

function* smallerTypes(type: DraftType): Generator<DraftType> {
  for (const permissions of without(type.permissions)) yield { ...type, permissions };
  for (const relations of without(type.relations)) yield { ...type, relations };
  for (const [index, relation] of type.relations.entries()) {
    if (relation.allowed.length === 1) continue;
    for (const allowed of without(relation.allowed)) {
      yield { ...type, relations: type.relations.with(index, { ...relation, allowed }) };
    }
  }
  for (const [index, permission] of type.permissions.entries()) {
    for (const expression of smallerExpressions(permission.expression)) {
      yield { ...type, permissions: type.permissions.with(index, { ...permission, expression }) };
    }
  }
}

function* smallerExpressions(expression: DraftExpression): Generator<DraftExpression> {
  if (expression.kind === "leaf") return;
  yield* expression.parts;
  if (expression.parts.length > 2) for (const parts of without(expression.parts)) yield { ...expression, parts };
  for (const [index, part] of expression.parts.entries()) {
    for (const smaller of smallerExpressions(part)) {
      yield { ...expression, parts: expression.parts.with(index, smaller) };
    }
  }
}

function* without<T>(list: readonly T[]): Generator<readonly T[]> {
  for (const index of list.keys()) yield list.toSpliced(index, 1);
}

/** A scenario nearly ready to be put into schema/cases: what is asserted of it is for a person to say. */
export function printCase(draft: Draft, question: Question, { context, contextual, nowMs }: Asking): string {
  const indent = (text: string) => text.trimEnd().replaceAll(/^(?=.)/gm, "  ");
  const asked = `${formatObject(question.object)}#${question.member}@${formatSubject(question.subject)}`;
  return [
    "schema: |-",
    indent(printSchema(draft)),
    "relationships: |-",
    indent(draft.tuples.join("\n")),
    ...(contextual ? ["contextual: |-", indent(draft.contextual.join("\n"))] : []),
    `# at ${formatTimestamp(nowMs)}: ${asked} with ${JSON.stringify(context)}`,
    "",
  ].join("\n");
}
