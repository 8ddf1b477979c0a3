import type { EvaluationLimits } from "../engine/limits.ts";
import { budgetExhausted } from "../engine/limits.ts";
import type { Solver } from "../engine/solver.ts";
import { RelataError } from "../errors.ts";
import type { Found, Need, TupleSource } from "../model/need.ts";

/** What a request cost. */
export interface DriveCost {
  /** Round trips to the source. */
  readonly rounds: number;
  /** Tuples read. */
  readonly rows: number;
  /** Problems and operators visited. */
  readonly nodes: number;
}

/**
 * Runs solvers to their end against one source. The needs of all of them are read together, each once: a batch costs as
 * many round trips as its deepest question, whatever its width.
 * @param limits for all solvers together
 * @throws BUDGET_EXHAUSTED, the source's errors, the signal's reason, CANCELLED
 */
export async function drive(
  solvers: readonly Solver[],
  source: TupleSource,
  limits: EvaluationLimits,
  signal?: AbortSignal,
): Promise<DriveCost> {
  let rounds = 0;
  let rows = 0;
  let nodesOfEnded = 0;
  let active = solvers;
  for (;;) {
    throwIfAborted(signal);
    const nodes = nodesOfEnded + totalNodes(active);
    if (nodes > limits.maxNodes) throw budgetExhausted("nodes", limits.maxNodes);
    const ended = active.filter((solver) => solver.needs().length === 0);
    if (ended.length === active.length) return { rounds, rows, nodes };
    if (ended.length > 0) active = active.filter((solver) => solver.needs().length > 0);
    nodesOfEnded += totalNodes(ended);
    const round = merge(active);
    const answers = await source.read(round.needs, limits.maxRows - rows);
    rounds += 1;
    rows = addRows(rows, answers, limits);
    active.forEach((solver, index) => {
      solver.feed((round.slots[index] ?? []).map((slot) => answers[slot] ?? missingAnswer()));
    });
    if (rounds % ROUNDS_PER_TURN === 0) await nextTurn();
  }
}

/** A source in memory answers without leaving the microtask queue: let timers and sockets have their turn. */
const ROUNDS_PER_TURN = 64;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The needs of a round, each once, and for every solver where its answers are. */
function merge(solvers: readonly Solver[]): { needs: readonly Need[]; slots: readonly (readonly number[])[] } {
  const needs: Need[] = [];
  const slotOf = new Map<string, number>();
  const slots = solvers.map((solver) =>
    solver.needs().map((need) => {
      const key = needKey(need);
      let slot = slotOf.get(key);
      if (slot === undefined) {
        slot = needs.push(need) - 1;
        slotOf.set(key, slot);
      }
      return slot;
    }),
  );
  return { needs, slots };
}

/** Spaces cannot occur in names or ids, so two needs share a key only when they are the same. */
function needKey(need: Need): string {
  const place = `${need.kind} ${need.objectType} ${need.objectId} ${need.relation}`;
  switch (need.kind) {
    case "exact":
      return `${place} ${need.subjectType} ${need.subjectId} ${need.subjectRelation}`;
    case "usersets":
      return place;
    case "objects":
      return `${place} ${need.subjectTypes.join(" ")}`;
  }
}

function addRows(rows: number, answers: readonly (readonly Found[])[], limits: EvaluationLimits): number {
  let total = rows;
  for (const answer of answers) total += answer.length;
  if (total > limits.maxRows) throw budgetExhausted("rows", limits.maxRows);
  return total;
}

function totalNodes(solvers: readonly Solver[]): number {
  let nodes = 0;
  for (const solver of solvers) nodes += solver.work.nodes;
  return nodes;
}

function missingAnswer(): never {
  throw new Error("the source left a need without an answer");
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  const reason: unknown = signal.reason;
  if (reason instanceof RelataError) throw reason;
  throw new RelataError("CANCELLED", "the request was cancelled", { cause: reason });
}
