import type { Plan } from "../../src/engine/plan.ts";
import { validateQuestion } from "../../src/engine/validate.ts";
import { RelataError } from "../../src/errors.ts";
import type { TupleGraph } from "../../src/model/graph.ts";
import type { Revision } from "../../src/model/revision.ts";
import { decideResident } from "../../src/service/decide-resident.ts";
import type { KnownQuestion } from "../workloads/workload.ts";

/** True: allowed. */
export type ResidentCheck = (asked: KnownQuestion) => boolean;

/** What the service lets one Check cost. */
export const LIMITS = { maxNodes: 100_000, maxRows: 100_000 };
export const NO_CONTEXT = {};

/** The engine's part of a Check as the service does it: from a question of strings to its decision, without transport and identity. */
export function residentCheck(plan: Plan, graph: TupleGraph, revision: Revision): ResidentCheck {
  const resident = { graph, revision };
  const options = { nowMs: Date.now(), limits: LIMITS };
  return ({ question }) => {
    validateQuestion(plan.schema, question);
    const { outcomes } = decideResident(plan, [{ question, context: NO_CONTEXT }], resident, options);
    const [outcome] = outcomes;
    if (outcome instanceof RelataError) throw outcome;
    if (outcome === undefined) throw new Error(`not decided at once: ${JSON.stringify(question)}`);
    return outcome.decision.kind === "allowed";
  };
}
