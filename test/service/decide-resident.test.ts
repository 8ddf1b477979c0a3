import { expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import { RelataError } from "../../src/errors.ts";
import { ResidentGraph } from "../../src/graph/resident-graph.ts";
import type { TupleSource } from "../../src/model/need.ts";
import { traitsOf } from "../../src/model/need.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { decideAt } from "../../src/service/decide.ts";
import { compiled, itemOf, NOW_MS } from "../engine/ask.ts";
import { PLENTY } from "../engine/random-checks.ts";
import { createSource } from "../support/oracle-source.ts";

const schema = compiled(`
  use expiration
  caveat open(hour int) { hour >= 8 }
  definition user {}
  definition group { relation member: user | group#member }
  definition document {
    relation viewer: user with expiration | group#member | user with open
    relation banned: user
    permission view = viewer - banned
  }`);

/** A tenant in memory, and its source, which counts its reads. */
function evaluationOf(texts: readonly string[]) {
  const tuples = texts.map(parseTuple);
  const graph = new ResidentGraph();
  const head = { schemaName: "s", schemaVersion: 1, committedAtMs: NOW_MS };
  graph.seal({ ...head, revision: 0 });
  for (const tuple of tuples) graph.put(1, { ...keyOf(tuple), ...traitsOf(tuple) });
  graph.publish({ ...head, revision: 1 });
  const inner = createSource(tuples);
  const reads = { count: 0 };
  const source: TupleSource = {
    ...inner,
    read: (needs, maxRows) => {
      reads.count += 1;
      return inner.read(needs, maxRows);
    },
  };
  return { plan: planSchema(schema), source, resident: { graph, revision: 1 }, reads };
}

function keyOf({ caveat: _, expiresAtMs: __, ...key }: Tuple) {
  return key;
}

async function outcomes(evaluation: ReturnType<typeof evaluationOf>, questions: readonly string[], limits = PLENTY) {
  const items = questions.map((question) => itemOf(question, { hour: 9 }));
  const signal = new AbortController().signal;
  const { outcomes } = await decideAt(evaluation, items, { nowMs: NOW_MS, signal, limits });
  return outcomes.map((outcome) =>
    outcome instanceof RelataError ? outcome.reason : { kind: outcome.decision.kind, until: outcome.expiresAtMs },
  );
}

const ENDS = "2040-01-01T00:00:00.000Z";
const ENDS_MS = Date.parse(ENDS);

test("caveats and ends are decided from memory too, with the instant of the change", async () => {
  const evaluation = evaluationOf([
    `document:a#viewer@user:anne[expiration:${ENDS}]`,
    `document:b#viewer@user:anne[expiration:${ENDS}]`,
    "document:b#viewer@group:g#member",
    "group:g#member@user:anne",
    "document:c#viewer@user:anne[open]",
  ]);
  expect(
    await outcomes(evaluation, [
      "document:a#view@user:anne",
      "document:b#view@user:anne",
      "document:c#view@user:anne",
      "document:d#view@user:anne",
    ]),
  ).toEqual([
    { kind: "allowed", until: ENDS_MS },
    { kind: "allowed", until: undefined },
    { kind: "allowed", until: undefined },
    { kind: "denied", until: undefined },
  ]);
  expect(evaluation.reads.count).toBe(0);
});

test("what would keep the thread for long is left to the source, and only that", async () => {
  const chain = Array.from({ length: 5_000 }, (_, i) => `group:g${i}#member@group:g${i + 1}#member`);
  const wide = Array.from({ length: 30_000 }, (_, i) => `document:wide#viewer@group:w${i}#member`);
  const evaluation = evaluationOf([...chain, "group:g5000#member@user:anne", ...wide, "group:w29999#member@user:anne"]);
  expect(await outcomes(evaluation, ["group:g4900#member@user:anne", "group:g0#member@user:ben"])).toEqual([
    { kind: "allowed", until: undefined },
    { kind: "denied", until: undefined },
  ]);
  expect(evaluation.reads.count).toBeGreaterThan(0);
  evaluation.reads.count = 0;
  expect(await outcomes(evaluation, ["document:wide#view@user:ben", "group:g4999#member@user:anne"])).toEqual([
    { kind: "denied", until: undefined },
    { kind: "allowed", until: undefined },
  ]);
  expect(evaluation.reads.count).toBeGreaterThan(0);
});

test("a budget that runs out is an error in memory too, never a denial", async () => {
  const wide = Array.from({ length: 300 }, (_, i) => `document:wide#viewer@group:w${i}#member`);
  const evaluation = evaluationOf([...wide, "group:g#member@user:anne"]);
  const questions = ["document:wide#view@user:ben", "group:g#member@user:anne"];
  const allowed = { kind: "allowed", until: undefined };
  expect(await outcomes(evaluation, questions, { maxNodes: 100, maxRows: 1_000 })).toEqual([
    "BUDGET_EXHAUSTED",
    allowed,
  ]);
  expect(await outcomes(evaluation, questions)).toEqual([{ kind: "denied", until: undefined }, allowed]);
});

test("a batch that is too long for one turn goes on in memory in the next ones, and others have theirs between", async () => {
  const depth = 300;
  const chain = Array.from({ length: depth }, (_, at) => `group:${at}#member@group:${at + 1}#member`);
  const evaluation = evaluationOf(["document:1#viewer@group:0#member", `group:${depth}#member@user:40`, ...chain]);
  let turns = 0;
  const turn = () => {
    turns += 1;
    counting = setImmediate(turn);
  };
  let counting = setImmediate(turn);
  const answers = await outcomes(
    evaluation,
    Array.from({ length: 200 }, (_, user) => `document:1#view@user:${user}`),
  );
  clearImmediate(counting);
  expect(answers.map((answer) => (typeof answer === "string" ? answer : answer.kind))).toEqual(
    answers.map((_, user) => (user === 40 ? "allowed" : "denied")),
  );
  expect(evaluation.reads.count).toBe(0);
  expect(turns).toBeGreaterThan(2);
});
