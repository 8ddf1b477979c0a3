import { isOutOfBudget } from "../engine/limits.ts";
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
/** Where the candidates of a run share a long way, see `sharedBy`. */
const MAX_SHARING_CHUNK = 100_000;
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
  for await (const chunk of inChunks(candidates, () => Math.min(Math.max(left, MIN_CHUNK), check.atOnce()))) {
    const outcomes = await check.all(chunk.filter(({ certain }) => !certain).map(({ id }) => id));
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

/** @param atOnce how many to put into the next chunk */
async function* inChunks(
  candidates: AsyncIterable<Candidate> | Iterable<Candidate>,
  atOnce: () => number,
): AsyncGenerator<readonly Candidate[], void, undefined> {
  let chunk: Candidate[] = [];
  for await (const candidate of candidates) {
    chunk.push(candidate);
    if (chunk.length < atOnce()) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

interface ChunkCheck {
  all(ids: readonly string[]): Promise<ReadonlyMap<string, Outcome | RelataError>>;
  /** How many candidates to give it next. */
  atOnce(): number;
}

/**
 * Checks many ids at once. A budget holds for a run, so what a run was too small for is asked again in smaller ones: a
 * lookup fails of its budget only where Check would.
 */
function createChunkCheck({ plan, schema, source }: Evaluation, checking: Checking): ChunkCheck {
  const { target, subject, context, nowMs, signal, limits, holds } = checking;
  const judge = createTraitJudge(schema, context, nowMs);
  let atOnce = FIRST_CHUNK;
  let affordable = Number.POSITIVE_INFINITY;
  let previous: Run | undefined;

  const all = async (ids: readonly string[]) => {
    const outcomes = new Map<string, Outcome | RelataError>();
    let shared = 0;
    for (let open = ids; open.length > 0; ) {
      const run = open.slice(0, affordable);
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
      if (again.length > 0) affordable = Math.ceil(run.length / 2);
      const current = { ids: run.length, nodes: solver.work.nodes };
      shared = sharedBy(previous, current, limits.maxNodes);
      previous = current;
      open = [...again, ...open.slice(run.length)];
    }
    atOnce = Math.min(Math.max(Math.min(atOnce * 2, MAX_CHUNK), shared), affordable);
    return outcomes;
  };
  return { all, atOnce: () => atOnce };
}

interface Run {
  readonly ids: number;
  readonly nodes: number;
}

/**
 * How many candidates make a run worth what they have in common. From a run and a larger one: what each candidate costs by
 * itself, and what both runs cost whatever they were asked. Folders in folders, all of them candidates, have nearly
 * everything in common, and runs of a fixed size would walk the whole again each time: the square.
 */
function sharedBy(smaller: Run | undefined, larger: Run, maxNodes: number): number {
  if (smaller === undefined || smaller.ids >= larger.ids) return 0;
  const each = Math.max((larger.nodes - smaller.nodes) / (larger.ids - smaller.ids), 1);
  const common = larger.nodes - each * larger.ids;
  return Math.min(Math.floor(common / each), Math.floor(maxNodes / 2 / each), MAX_SHARING_CHUNK);
}
