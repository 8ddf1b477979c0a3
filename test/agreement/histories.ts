import type { Question } from "../../src/engine/solver.ts";
import { type RelataError, unreachable } from "../../src/errors.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { formatTuple, formatTupleKey } from "../../src/model/tuple-text.ts";
import type { TenantCall } from "../../src/service/call.ts";
import type { ConsistencyRequest } from "../../src/service/consistency-token.ts";
import { type Draft, EVERYTHING, randomDraft } from "../support/arbitrary.ts";
import { printCase } from "../support/arbitrary-shrink.ts";
import type { Asking, World } from "../support/arbitrary-world.ts";
import { build, oracleOf, randomAsking, randomQuestions } from "../support/arbitrary-world.ts";
import { problemOf } from "../support/oracle-judge.ts";
import { pick, type Random, seeded, upTo } from "../support/random.ts";
import type { Service } from "./service.ts";

/** Answers compared, by how fresh they were asked to be; and how many of them were of a revision before the newest. */
export type HistoryTally = Record<ConsistencyRequest["kind"] | "past" | "worlds", number>;

/** Of each world: revisions, readers at the same time, and requests of each. */
const WRITES = 12;
const READERS = 3;
const REQUESTS = 10;

/**
 * Random worlds that are changed by one process while another answers: what is said of a revision is what the oracle says of
 * its tuples, and the revision is as fresh as was asked for.
 * @param reader and @param writer over the same store @throws Error with the scenario of a disagreement
 */
export async function compareHistories(
  reader: Service,
  writer: Service,
  answers: number,
  firstSeed: number,
): Promise<HistoryTally> {
  const total: HistoryTally = {
    minimize_latency: 0,
    at_least_as_fresh: 0,
    at_exact_snapshot: 0,
    fully_consistent: 0,
    past: 0,
    worlds: 0,
  };
  for (let seed = firstSeed; total.at_exact_snapshot < answers; seed++) {
    const random = seeded(seed);
    const draft = randomDraft(random, EVERYTHING);
    const world = build(draft);
    if (world === undefined || world.tuples.length === 0) continue;
    total.worlds += 1;
    const history = new History(random, draft, world, await reader.enter({ text: world.text, tuples: [] }));
    await history.begin(reader);
    await history.write(writer, world.tuples);
    await Promise.all([history.go(writer), ...Array.from({ length: READERS }, () => history.read(reader))]);
    try {
      history.judge(total);
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
  return total;
}

interface State {
  readonly token: string;
  readonly tuples: readonly Tuple[];
}

interface Asked {
  readonly kind: ConsistencyRequest["kind"];
  /** The state that was asked for, or the newest that had been told when the request began. */
  readonly state: number;
  readonly asking: Asking;
  readonly questions: readonly Question[];
  readonly results: readonly (Outcome | RelataError)[];
  readonly token: string;
}

class History {
  readonly #random: Random;
  readonly #draft: Draft;
  readonly #world: World;
  readonly #call: TenantCall;
  readonly #states: State[] = [];
  readonly #asked: Asked[] = [];

  constructor(random: Random, draft: Draft, world: World, call: TenantCall) {
    this.#random = random;
    this.#draft = draft;
    this.#world = world;
    this.#call = call;
  }

  async begin({ verbs }: Service): Promise<void> {
    const { consistencyToken } = await verbs.batchCheck(this.#call, {
      items: [],
      consistency: consistencyOf("fully_consistent"),
    });
    this.#states.push({ token: consistencyToken, tuples: [] });
  }

  async write({ verbs }: Service, flipped: readonly Tuple[]): Promise<void> {
    const before = this.#states.at(-1)?.tuples ?? [];
    const byKey = new Map(before.map((tuple) => [formatTupleKey(tuple), tuple]));
    const updates = [...new Map(flipped.map((tuple) => [formatTupleKey(tuple), tuple])).values()].map((tuple) => {
      const there = byKey.get(formatTupleKey(tuple));
      // The other tuple of a key replaces the one.
      const ends = there !== undefined && formatTuple(there) === formatTuple(tuple);
      if (ends) byKey.delete(formatTupleKey(tuple));
      else byKey.set(formatTupleKey(tuple), tuple);
      return { operation: ends ? ("delete" as const) : ("touch" as const), tuple };
    });
    const { consistencyToken } = await verbs.writeTuples(this.#call, {
      updates,
      preconditions: [],
      idempotencyKey: "",
    });
    this.#states.push({ token: consistencyToken, tuples: [...byKey.values()] });
  }

  async go(writer: Service): Promise<void> {
    const pool = [...this.#world.tuples, ...this.#world.contextual];
    for (let i = 0; i < WRITES; i++) {
      await this.write(
        writer,
        Array.from({ length: 1 + upTo(this.#random, 5) }, () => pick(this.#random, pool)),
      );
      // Readers have their turn, and time passes for what lets go of the past.
      await new Promise((resolve) => setTimeout(resolve, upTo(this.#random, 3)));
    }
  }

  async read({ verbs }: Service): Promise<void> {
    const random = this.#random;
    for (let i = 0; i < REQUESTS; i++) {
      const asking = { ...randomAsking(random, this.#draft, EVERYTHING), contextual: false };
      const questions = randomQuestions(random, this.#draft, asking.subject, 20);
      const newest = this.#states.length - 1;
      const kind = pick(random, KINDS);
      const state = kind === "at_exact_snapshot" || kind === "at_least_as_fresh" ? upTo(random, newest) : newest;
      const { token = "" } = this.#states[state] ?? {};
      const { results, consistencyToken } = await verbs.batchCheck(this.#call, {
        items: questions.map(({ object, member, subject }) => {
          return { object, permission: member, subject, context: asking.context };
        }),
        consistency: consistencyOf(kind, token),
      });
      this.#asked.push({ kind, state, asking, questions, results, token: consistencyToken });
      await new Promise((resolve) => setTimeout(resolve, upTo(random, 3)));
    }
  }

  judge(total: HistoryTally): void {
    const oracles = this.#states.map(({ tuples }) => {
      const draft = { ...this.#draft, tuples: tuples.map(formatTuple) };
      return { draft, oracleFor: oracleOf(draft, { ...this.#world, tuples }) };
    });
    for (const { kind, state, asking, questions, results, token } of this.#asked) {
      const at = this.#states.findIndex((one) => one.token === token);
      const problem = problemOfState(kind, state, at);
      if (problem !== undefined) throw new Error(`${kind} of state ${state}: ${problem}`);
      const { draft, oracleFor } = oracles[at] as (typeof oracles)[number];
      const oracle = oracleFor(asking);
      for (const [index, question] of questions.entries()) {
        const { object, member } = question;
        const expected = {
          answer: oracle.check(object, member, asking),
          change: oracle.firstChange(object, member, asking),
        };
        const wrong = problemOf(results[index] as Outcome | RelataError, expected, "exact");
        if (wrong !== undefined)
          throw new Error(`${kind}, state ${at}: ${wrong}\n${printCase(draft, question, asking)}`);
      }
      total[kind] += questions.length;
      if (at < this.#states.length - 1) total.past += questions.length;
    }
  }
}

const KINDS = [
  "at_exact_snapshot",
  "at_exact_snapshot",
  "at_least_as_fresh",
  "minimize_latency",
  "fully_consistent",
] as const;

function consistencyOf(kind: ConsistencyRequest["kind"], token = ""): ConsistencyRequest {
  return kind === "at_exact_snapshot" || kind === "at_least_as_fresh" ? { kind, token } : { kind };
}

function problemOfState(kind: ConsistencyRequest["kind"], asked: number, given: number): string | undefined {
  if (given < 0) return "answered at a revision that nobody wrote";
  switch (kind) {
    case "at_exact_snapshot":
      return given === asked ? undefined : `answered at state ${given}`;
    case "at_least_as_fresh":
    case "fully_consistent":
      return given >= asked ? undefined : `answered at state ${given}, which is older`;
    case "minimize_latency":
      return undefined;
    default:
      return unreachable(kind);
  }
}
