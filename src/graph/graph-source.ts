import { throwIfAborted } from "../model/abort.ts";
import type { TupleGraph } from "../model/graph.ts";
import type { Found, Need, TupleSource } from "../model/need.ts";
import type { Revision } from "../model/revision.ts";
import { isTooManyRows, tooManyRows } from "../model/row-budget.ts";
import { GraphWalk } from "./read-graph.ts";
import { type Scanned, scanObjectsOf, scanSubjectsOf } from "./scan-graph.ts";

export interface GraphSourceOptions {
  readonly revision: Revision;
  readonly signal: AbortSignal | undefined;
  /** The tenant in memory while it is there and has the revision; asked anew in every turn, since it may leave between two. */
  readonly graph: () => TupleGraph | undefined;
  /** The same revision from the store, for what memory does not have (any more) and for long lists. */
  readonly store: () => TupleSource;
}

/** Rows of a list that are walked for one answer: walking and sorting so many takes some 2 ms. */
const MAX_LIST = 4_000;
/** Rows walked before others have their turn: a list is never cut, so a turn takes at most three times as much. */
const STEPS_PER_TURN = 2_000;

/** A tenant's tuples at one revision, from memory where they are short to find. */
export function graphSource(options: GraphSourceOptions): TupleSource {
  let opened: TupleSource | undefined;
  const store = () => {
    opened ??= options.store();
    return opened;
  };
  const { revision } = options;
  return {
    read: (needs, maxRows) => read(options, store, needs, maxRows),
    scanSubjects: (scans, limit) =>
      answer(
        options,
        scans,
        (graph, one) => scanSubjectsOf(graph, revision, one, limit, MAX_LIST),
        (rest) => store().scanSubjects(rest, limit),
      ),
    scanObjects: (scans, limit) =>
      answer(
        options,
        scans,
        (graph, one) => scanObjectsOf(graph, revision, one, limit, MAX_LIST),
        (rest) => store().scanObjects(rest, limit),
      ),
  };
}

async function read(
  options: GraphSourceOptions,
  store: () => TupleSource,
  needs: readonly Need[],
  maxRows: number,
): Promise<readonly (readonly Found[])[]> {
  let rows = 0;
  const answers = await answer<Need, Found>(
    options,
    needs,
    (graph, need) => {
      const walk = new GraphWalk(graph, options.revision, maxRows - rows, MAX_LIST);
      const found = walk.answer(need);
      rows += found?.length ?? 0;
      return { rows: found, steps: walk.steps };
    },
    (rest) => store().read(rest, maxRows - rows),
  ).catch((error) => {
    throw isTooManyRows(error) ? tooManyRows(maxRows) : error;
  });
  return answers;
}

/** Every question in order: one after the other from memory, and all that it has no answer to from the store together. */
async function answer<Question, Row>(
  { graph: present, signal }: GraphSourceOptions,
  questions: readonly Question[],
  one: (graph: TupleGraph, question: Question) => Scanned<Row>,
  others: (questions: readonly Question[]) => Promise<readonly (readonly Row[])[]>,
): Promise<readonly (readonly Row[])[]> {
  throwIfAborted(signal);
  const answers: (readonly Row[])[] = [];
  const left: number[] = [];
  let graph = present();
  let steps = 0;
  for (const [index, question] of questions.entries()) {
    if (steps > STEPS_PER_TURN) {
      await nextTurn();
      throwIfAborted(signal);
      graph = present();
      steps = 0;
    }
    const scanned = graph === undefined ? undefined : one(graph, question);
    steps += scanned?.steps ?? 0;
    if (scanned?.rows === undefined) left.push(index);
    answers.push(scanned?.rows ?? []);
  }
  if (left.length === 0) return answers;
  const rest = await others(left.map((index) => questions[index] as Question));
  if (rest.length !== left.length) throw new Error("the store left a need or a scan without an answer");
  for (const [slot, index] of left.entries()) answers[index] = rest[slot] ?? [];
  return answers;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
