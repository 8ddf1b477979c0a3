import { type CheckItem, startChecks } from "../engine/solver.ts";
import { createTraitJudge } from "../engine/traits.ts";
import { RelataError } from "../errors.ts";
import { ALLOWED, type Outcome } from "../model/decision.ts";
import { drive } from "./drive.ts";
import type { Evaluation } from "./evaluation.ts";
import type { ServiceLimits } from "./limits.ts";
import type { LookupResult } from "./lookup-page.ts";
import type { Candidate, Candidates, Search } from "./lookup-resources-candidates.ts";
import { createPace } from "./pace.ts";

/** Checked in one run of the solver. The first is small, for the first results to come early; each next one is twice that. */
const FIRST_CHUNK = 32;
const MAX_CHUNK = 512;
/** Of a lookup with a small limit: some candidates are refused, and a round for each result would be dear. */
const MIN_CHUNK = 16;

type Checking = Pick<Search, "target" | "subject" | "context" | "nowMs" | "signal"> & {
  readonly limits: Pick<ServiceLimits, "maxNodes" | "maxRows">;
  /** Results wanted; more candidates than that are only looked at where Check refuses some. */
  readonly wanted: number;
  readonly holds: Candidates["holds"] | undefined;
};

/**
 * The results among candidates, in their order, a chunk at a time. What a candidate fails of (a caveat, a budget) ends the
 * lookup when its turn comes: after the results before it, and not at all when enough come before it.
 */
export async function* checkCandidates(
  evaluation: Evaluation,
  candidates: AsyncIterable<Candidate> | Iterable<Candidate>,
  checking: Checking,
): AsyncGenerator<readonly LookupResult[], void, undefined> {
  const check = createChunkCheck(evaluation, checking);
  const pace = createPace(checking.signal);
  let left = checking.wanted;
  for await (const chunk of inChunks(candidates, () => left)) {
    const outcomes = await check(chunk.filter(({ certain }) => !certain).map(({ id }) => id));
    const results: LookupResult[] = [];
    let failure: RelataError | undefined;
    for (const { id } of chunk) {
      const outcome = outcomes.get(id) ?? CERTAINLY;
      if (outcome instanceof RelataError) failure = outcome;
      else if (outcome.decision.kind !== "denied") results.push({ id, ...outcome });
      if (failure !== undefined || results.length === left) break;
    }
    left -= results.length;
    if (results.length > 0) yield results;
    if (left === 0) return;
    if (failure !== undefined) throw failure;
    await pace(chunk.length);
  }
}

const CERTAINLY: Outcome = { decision: ALLOWED };

async function* inChunks(
  candidates: AsyncIterable<Candidate> | Iterable<Candidate>,
  left: () => number,
): AsyncGenerator<readonly Candidate[], void, undefined> {
  let size = FIRST_CHUNK;
  let chunk: Candidate[] = [];
  for await (const candidate of candidates) {
    chunk.push(candidate);
    if (chunk.length < Math.min(size, Math.max(left(), MIN_CHUNK))) continue;
    yield chunk;
    chunk = [];
    size = Math.min(size * 2, MAX_CHUNK);
  }
  if (chunk.length > 0) yield chunk;
}

/**
 * Checks many ids at once. A budget holds for a run, so what a run was too small for is asked again in smaller ones: a
 * lookup fails of its budget only where Check would.
 */
function createChunkCheck({ plan, schema, source }: Evaluation, checking: Checking) {
  const { target, subject, context, nowMs, signal, limits, holds } = checking;
  const judge = createTraitJudge(schema, context, nowMs);
  let atOnce = MAX_CHUNK;
  return async (ids: readonly string[]): Promise<ReadonlyMap<string, Outcome | RelataError>> => {
    const outcomes = new Map<string, Outcome | RelataError>();
    for (let open = ids; open.length > 0; ) {
      const run = open.slice(0, atOnce);
      const items = run.map((id): CheckItem => {
        return { question: { object: { type: target.type, id }, member: target.name, subject }, context };
      });
      const solver = startChecks(plan, items, { nowMs, limits, judge, ...(holds && { holds }) });
      await drive(solver, source, limits, signal);
      const again: string[] = [];
      for (const [index, outcome] of solver.outcomes().entries()) {
        const id = run[index] as string;
        if (run.length > 1 && isOutOfBudget(outcome)) again.push(id);
        else outcomes.set(id, outcome);
      }
      if (again.length > 0) atOnce = Math.ceil(run.length / 2);
      open = [...again, ...open.slice(run.length)];
    }
    return outcomes;
  };
}

function isOutOfBudget(outcome: Outcome | RelataError): boolean {
  return outcome instanceof RelataError && outcome.reason === "BUDGET_EXHAUSTED";
}
