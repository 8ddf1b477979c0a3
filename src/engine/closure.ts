import { RelataError } from "../errors.ts";
import type { FoundObject, ObjectScan } from "../model/need.ts";
import type { SubjectRef } from "../model/object.ts";
import { WILDCARD_ID } from "../model/object.ts";
import { FALSE, TRUE } from "./formula.ts";
import type { Place, ReverseScan } from "./reverse-edges.ts";
import { CERTAIN, type Mark, POSSIBLE, type ReversePlan, type Step } from "./reverse-plan.ts";
import type { TraitJudge } from "./traits.ts";

/**
 * Everything a subject is in on its way to the target member, found from the subject: groups, folders, whatever leads on.
 * Synchronous and pure, in rounds: `for (let round = closure.next(); round !== undefined; round = closure.next())
 * closure.feed(read(round))`, then the results.
 */
export interface Closure {
  /** What to read now; undefined when all is known. The same until `feed`. */
  next(): ScanRound | undefined;
  /** @param answers to each scan, in order @throws BUDGET_EXHAUSTED above `maxRows` */
  feed(answers: readonly (readonly FoundObject[])[]): void;
  /** Objects of the target's type that are results as far as is known now. Once nothing is left to read. */
  targets(): readonly Results[];
  /** Scans whose objects are results, as sure as `mark` where their tuple holds. Once nothing is left to read. */
  streams(): ResultScans;
  /** The subject is in this member of this object, whatever happens but a write. False: not known. */
  holds(member: number, id: string): boolean;
  readonly work: { readonly rounds: number; readonly rows: number };
}

export interface ScanRound {
  readonly scans: readonly ObjectScan[];
  /** Rows of each. */
  readonly limit: number;
}

/** Some results; another of the sets may hold the same and be surer. */
export interface Results {
  readonly ids: Iterable<string>;
  readonly markOf: (id: string) => Mark;
}

export interface ResultScans extends Iterable<ResultScan> {
  /** No more than these. */
  readonly size: number;
}

export interface ResultScan {
  readonly scan: ObjectScan;
  readonly mark: Mark;
}

export interface ClosureLimits {
  /** Tuples collected: each is an object met on the way, held in memory (some 100 bytes). */
  readonly maxRows: number;
}

/** In one round: 2,000 look-ups take Postgres some 20 ms, so a cancel is never far. */
const MAX_SCANS_PER_ROUND = 2000;
/** What a round brings at most, all scans together. */
const MAX_ROWS_PER_ROUND = 20_000;
const MAX_ROWS_PER_SCAN = 1000;

export function startClosure(
  plan: ReversePlan,
  subject: SubjectRef,
  judge: TraitJudge,
  limits: ClosureLimits,
): Closure {
  return new SubjectClosure(plan, subject, judge, limits);
}

/** A scan to run, and what its objects are then in. */
interface Task {
  scan: ObjectScan;
  readonly steps: Step[];
}

/** An object in a member, or the subject itself, still to be looked up from. */
interface Visit {
  readonly place: Place;
  readonly id: string;
}

/**
 * First everything certain, then what is merely possible from there. What is certain is only ever reached through what
 * is certain, so no object turns out surer than it was taken for, and each is looked up from once per place.
 */
class SubjectClosure implements Closure {
  readonly #plan: ReversePlan;
  readonly #subject: SubjectRef;
  readonly #judge: TraitJudge;
  readonly #limits: ClosureLimits;
  /** By place: how sure each object is. */
  readonly #marks: Map<string, Mark>[];
  readonly #visits: Readonly<Record<Mark, Visit[]>> = { [CERTAIN]: [], [POSSIBLE]: [] };
  /** Of visits that have begun; all of one mark. */
  #tasks: Task[] = [];
  #tasksMark: Mark = CERTAIN;
  #round: { readonly tasks: readonly Task[]; readonly round: ScanRound } | undefined;
  #rounds = 0;
  #rows = 0;

  constructor(plan: ReversePlan, subject: SubjectRef, judge: TraitJudge, limits: ClosureLimits) {
    this.#plan = plan;
    this.#subject = subject;
    this.#judge = judge;
    this.#limits = limits;
    this.#marks = Array.from(plan.places, () => new Map<string, Mark>());
    this.#reach(plan.subjectPlace, subject.id, CERTAIN);
    this.#reach(plan.wildcardPlace, WILDCARD_ID, CERTAIN);
    for (const { to, mark } of plan.own) this.#reach(to, subject.id, mark);
  }

  get work(): { readonly rounds: number; readonly rows: number } {
    return { rounds: this.#rounds, rows: this.#rows };
  }

  next(): ScanRound | undefined {
    this.#round ??= this.#takeRound();
    return this.#round?.round;
  }

  feed(answers: readonly (readonly FoundObject[])[]): void {
    const current = this.#round;
    if (current?.tasks.length !== answers.length) throw new Error("one answer is due for each scan");
    this.#round = undefined;
    this.#rounds += 1;
    for (const rows of answers) this.#rows += rows.length;
    if (this.#rows > this.#limits.maxRows) throw tooFar(this.#limits.maxRows);
    for (const [index, task] of current.tasks.entries()) {
      const rows = answers[index] ?? [];
      for (const row of rows) this.#follow(task, row);
      const last = rows.at(-1);
      if (last === undefined || rows.length < current.round.limit) continue;
      task.scan = scanAfter(task.scan, last);
      this.#tasks.push(task);
    }
  }

  targets(): readonly Results[] {
    const { ownTarget } = this.#plan;
    const own = ownTarget === undefined ? [] : [{ ids: [this.#subject.id], markOf: () => ownTarget }];
    const met = this.#placePlans().flatMap(({ plan: { target }, marks }) =>
      target === undefined
        ? []
        : { ids: marks.keys(), markOf: (id: string) => least(marks.get(id) ?? POSSIBLE, target) },
    );
    return [...own, ...met];
  }

  streams(): ResultScans {
    const byScan = new Map<ReverseScan, Way[]>();
    let size = 0;
    for (const { plan, marks } of this.#placePlans()) {
      for (const { scan, mark } of plan.streamed) {
        byScan.set(scan, [...(byScan.get(scan) ?? []), { marks, mark }]);
        size += marks.size;
      }
    }
    return {
      size,
      *[Symbol.iterator]() {
        for (const [scan, ways] of byScan) {
          for (const [id, mark] of surest(ways)) yield { scan: scanFrom(scan, id), mark };
        }
      },
    };
  }

  holds(member: number, id: string): boolean {
    return this.#marks[member]?.get(id) === CERTAIN;
  }

  #placePlans() {
    return this.#plan.places.flatMap((plan, place) => {
      const marks = this.#marks[place];
      return plan === undefined || marks === undefined ? [] : { plan, marks };
    });
  }

  /** The object is in the place, and in what follows from that without any tuple. */
  #reach(first: Place, id: string, firstMark: Mark): void {
    const pending: Step[] = [{ to: first, mark: firstMark }];
    for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
      const { to: place, mark } = step;
      const plan = this.#plan.places[place];
      const marks = this.#marks[place];
      if (plan === undefined || marks === undefined || (marks.get(id) ?? 0) >= mark) continue;
      marks.set(id, mark);
      if (plan.collected.length > 0) this.#visits[mark].push({ place, id });
      for (const { to, mark: own } of plan.computed) pending.push({ to, mark: least(mark, own) });
    }
  }

  #follow(task: Task, row: FoundObject): void {
    const { value, expiresAtMs } = this.#judge.judge(row);
    // What does not hold, or no longer, leads nowhere.
    if (value === FALSE) return;
    const mark = value === TRUE && expiresAtMs === undefined ? this.#tasksMark : POSSIBLE;
    for (const step of task.steps) this.#reach(step.to, row.objectId, least(mark, step.mark));
  }

  #takeRound() {
    for (const mark of [CERTAIN, POSSIBLE] as const) {
      // Certain tasks are done before the first that is merely possible begins.
      if (this.#tasks.length > 0 && this.#tasksMark !== mark) continue;
      while (this.#tasks.length < MAX_SCANS_PER_ROUND && this.#visits[mark].length > 0) this.#begin(mark);
      if (this.#tasks.length > 0) break;
    }
    if (this.#tasks.length === 0) return undefined;
    const tasks = this.#tasks.splice(0, MAX_SCANS_PER_ROUND);
    const share = Math.floor(MAX_ROWS_PER_ROUND / tasks.length);
    const limit = Math.min(share, MAX_ROWS_PER_SCAN);
    return { tasks, round: { scans: tasks.map(({ scan }) => scan), limit } };
  }

  /** Turns some visits into scans; an object in several places is scanned once where they want the same tuples. */
  #begin(mark: Mark): void {
    const begun = new Map<ReverseScan, Map<string, Task>>();
    this.#tasksMark = mark;
    const visits = this.#visits[mark];
    for (const { place, id } of visits.splice(Math.max(visits.length - MAX_SCANS_PER_ROUND, 0))) {
      if (this.#marks[place]?.get(id) !== mark) continue;
      for (const { scan, steps } of this.#plan.places[place]?.collected ?? []) {
        const byId = begun.get(scan) ?? new Map<string, Task>();
        begun.set(scan, byId);
        const known = byId.get(id);
        if (known !== undefined) {
          known.steps.push(...steps);
          continue;
        }
        const task = { scan: scanFrom(scan, id), steps: [...steps] };
        byId.set(id, task);
        this.#tasks.push(task);
      }
    }
  }
}

/** Objects from which the same scan leads to results. */
interface Way {
  readonly marks: ReadonlyMap<string, Mark>;
  readonly mark: Mark;
}

/** Each object once, as sure as by the best of the ways. */
function* surest(ways: readonly Way[]): Iterable<[string, Mark]> {
  for (const [index, { marks }] of ways.entries()) {
    for (const id of marks.keys()) {
      if (ways.some((earlier, at) => at < index && earlier.marks.has(id))) continue;
      const isCertain = ways.some((way) => way.mark === CERTAIN && way.marks.get(id) === CERTAIN);
      yield [id, isCertain ? CERTAIN : POSSIBLE];
    }
  }
}

function least(a: Mark, b: Mark): Mark {
  return a === CERTAIN ? b : a;
}

function scanFrom({ subjectRelation, ...scan }: ReverseScan, subjectId: string): ObjectScan {
  return subjectRelation === undefined ? { ...scan, subjectId } : { ...scan, subjectId, subjectRelation };
}

/** The rest of a scan after one of its rows. */
export function scanAfter(scan: ObjectScan, { objectId, subjectRelation }: FoundObject): ObjectScan {
  return { ...scan, after: { objectId, subjectRelation } };
}

function tooFar(maxRows: number): RelataError {
  return new RelataError(
    "BUDGET_EXHAUSTED",
    `this lookup would meet more than ${maxRows} objects on its way (groups, folders and the like, not results) and was ` +
      "stopped without an answer; name candidate_ids, or raise maxLookupRows",
    { metadata: { budget: "lookup rows", limit: String(maxRows) } },
  );
}
