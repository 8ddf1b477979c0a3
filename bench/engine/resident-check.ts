import type { Plan } from "../../src/engine/plan.ts";
import { type CheckItem, startChecks } from "../../src/engine/solver.ts";
import { validateQuestion } from "../../src/engine/validate.ts";
import { RelataError } from "../../src/errors.ts";
import { readGraph } from "../../src/graph/read-graph.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { TupleGraph } from "../../src/model/graph.ts";
import type { Revision } from "../../src/model/revision.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { decideResident } from "../../src/service/decide-resident.ts";
import { driveNow } from "../../src/service/drive.ts";
import type { KnownQuestion } from "../workloads/workload.ts";

/** True: allowed. */
export type ResidentCheck = (asked: KnownQuestion) => boolean;

/** Problems visited and tuples looked at. */
export interface CheckWork {
  readonly nodes: number;
  readonly rows: number;
}

export interface CheckLimits {
  readonly maxNodes: number;
  readonly maxRows: number;
}

/** What the service lets one Check cost. */
export const LIMITS: CheckLimits = { maxNodes: 100_000, maxRows: 100_000 };
export const NO_CONTEXT: JsonObject = {};

/** The engine's part of a Check as the service does it: from a question of strings to its decision, without transport and identity. */
export function residentCheck(plan: Plan, graph: TupleGraph, revision: Revision): ResidentCheck {
  return tenantsCheck(plan, [graph], revision);
}

/** The same for many tenants. @param graphs by the tenant's number @param limits of one Check; default: the service's */
export function tenantsCheck(
  plan: Plan,
  graphs: readonly TupleGraph[],
  revision: Revision,
  limits: CheckLimits = LIMITS,
): ResidentCheck {
  const decide = deciding(plan, graphs, revision, limits);
  return (asked) => decide(asked).outcome.decision.kind === "allowed";
}

/** What such a Check does. */
export function tenantsWork(
  plan: Plan,
  graphs: readonly TupleGraph[],
  revision: Revision,
  limits: CheckLimits = LIMITS,
): (asked: KnownQuestion) => CheckWork {
  const decide = deciding(plan, graphs, revision, limits);
  return (asked) => decide(asked).work;
}

interface Decided {
  readonly outcome: Outcome;
  readonly work: CheckWork;
}

function deciding(
  plan: Plan,
  graphs: readonly TupleGraph[],
  revision: Revision,
  limits: CheckLimits,
): (asked: KnownQuestion) => Decided {
  const residents = graphs.map((graph) => ({ graph, revision }));
  const options = { nowMs: Date.now(), limits };
  return ({ question, tenant = 0, context = NO_CONTEXT }) => {
    const resident = residents[tenant];
    if (resident === undefined) throw new Error(`there is no tenant ${tenant}`);
    validateQuestion(plan.schema, question);
    const { outcomes, work } = decideResident(plan, [{ question, context }], resident, options);
    const [outcome] = outcomes;
    if (outcome instanceof RelataError) throw outcome;
    return outcome === undefined ? solve({ question, context }, resident.graph) : { outcome, work };
  };

  /** What would keep a server's thread for too long at once goes on in turns there, by the same solver. */
  function solve(item: CheckItem, graph: TupleGraph): Decided {
    const solver = startChecks(plan, [item], options);
    const work = driveNow(solver, (needs, most) => readGraph(graph, revision, needs, most), limits);
    const [outcome] = solver.outcomes();
    if (outcome === undefined || outcome instanceof RelataError) throw outcome ?? new Error("no outcome");
    return { outcome, work };
  }
}
