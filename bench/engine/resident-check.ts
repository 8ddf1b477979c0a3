import type { Plan } from "../../src/engine/plan.ts";
import { validateQuestion } from "../../src/engine/validate.ts";
import { walkCheck } from "../../src/engine/walk.ts";
import type { TupleGraph } from "../../src/model/graph.ts";
import type { Revision } from "../../src/model/revision.ts";
import type { KnownQuestion } from "../workloads/documents.ts";

/** True: allowed. */
export type ResidentCheck = (asked: KnownQuestion) => boolean;

/** The engine's part of a Check, from a question of strings to its decision, without token, transport or identity. */
export function residentCheck(plan: Plan, graph: TupleGraph, revision: Revision): ResidentCheck {
  const options = { nowMs: Date.now(), maxNodes: 1_000_000 };
  return ({ question }) => {
    validateQuestion(plan.schema, question);
    const { value } = walkCheck(plan, graph, revision, question, options);
    if (value === "undecided") throw new Error(`undecided: ${JSON.stringify(question)}`);
    return value === "allowed";
  };
}
