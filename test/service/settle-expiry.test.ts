import { describe, expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import type { CheckItem } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import { decide } from "../../src/service/decide.ts";
import { compiled, itemOf, NOW_MS, sourceOf } from "../engine/ask.ts";
import { PLENTY } from "../engine/random-checks.ts";
import { EVERYTHING, randomDraft } from "../support/arbitrary.ts";
import { build, oracleOf, randomAsking, randomQuestions } from "../support/arbitrary-world.ts";
import { problemOf } from "../support/oracle-judge.ts";
import { createSource } from "../support/oracle-source.ts";
import { seeded } from "../support/random.ts";

const signal = new AbortController().signal;

const schema = compiled(`
  use expiration
  caveat given(ok bool) {
    ok
  }
  caveat also(too bool) {
    too
  }
  definition user {}
  definition group {
    relation member: user with expiration | user with given and expiration | group#member with expiration
  }
  definition document {
    relation team: group with expiration
    relation viewer: user | user with expiration | user with given and expiration | group#member
    relation blocked: user with expiration
    relation needs: document
    permission approve = needs.all(ready)
    permission ready = approve + view
    permission view = viewer - blocked
    permission all = team.all(member)
    permission part = viewer & team->member
  }`);

const at = (seconds: number) => NOW_MS + seconds * 1_000;
const until = (seconds: number) => `[expiration:${new Date(at(seconds)).toISOString()}]`;

async function ask(tuples: readonly string[], question: string | readonly CheckItem[], limits = PLENTY) {
  const items = typeof question === "string" ? [itemOf(question)] : question;
  const source = sourceOf(tuples);
  const { outcomes, work } = await decide(planSchema(schema), items, source, { nowMs: NOW_MS, signal, limits });
  const told = outcomes.map((outcome) => {
    if (outcome instanceof RelataError) throw outcome;
    const seconds = outcome.expiresAtMs === undefined ? undefined : (outcome.expiresAtMs - NOW_MS) / 1_000;
    return [outcome.decision.kind, seconds];
  });
  return { told, work, rounds: source.asked.length };
}

describe("a decision lasts", () => {
  test.each([
    ["until its grant ends", "view", [`document:1#viewer@user:anne${until(60)}`], "allowed", 60],
    ["for good without one that ends", "view", ["document:1#viewer@user:anne"], "allowed", undefined],
    [
      "as long as another grant takes over",
      "view",
      [
        `document:1#viewer@group:a#member`,
        `group:a#member@user:anne${until(60)}`,
        `group:a#member@group:b#member${until(90)}`,
        `group:b#member@user:anne${until(120)}`,
      ],
      "allowed",
      90,
    ],
    [
      "for good where another grant takes over for good",
      "view",
      [`document:1#viewer@group:a#member`, `group:a#member@user:anne${until(60)}`, "document:1#viewer@user:anne"],
      "allowed",
      undefined,
    ],
    [
      "until what forbids it ends",
      "view",
      ["document:1#viewer@user:anne", `document:1#blocked@user:anne${until(60)}`],
      "denied",
      60,
    ],
    [
      "for good where the grant ends before what forbids it",
      "view",
      [`document:1#viewer@user:anne${until(50)}`, `document:1#blocked@user:anne${until(60)}`],
      "denied",
      undefined,
    ],
    [
      "until the one that `.all` missed is gone",
      "all",
      [
        `document:1#team@group:a${until(60)}`,
        `document:1#team@group:b${until(90)}`,
        `group:b#member@user:anne${until(120)}`,
      ],
      "denied",
      60,
    ],
    [
      "until `.all` is about nothing",
      "all",
      [`document:1#team@group:a${until(60)}`, `group:a#member@user:anne${until(120)}`],
      "allowed",
      60,
    ],
    [
      "until a ring of `.all` that nothing held open gets a way in",
      "approve",
      ["document:1#needs@document:1", "document:1#viewer@user:anne", `document:1#blocked@user:anne${until(60)}`],
      "denied",
      60,
    ],
    [
      "until a condition is no longer in the way",
      "part",
      [
        `document:1#viewer@user:anne[given]${until(60)}`,
        `document:1#team@group:a${until(120)}`,
        `group:a#member@user:anne${until(90)}`,
      ],
      "conditional",
      60,
    ],
  ])("%s", async (_, permission, tuples, decision, seconds) => {
    const { told, work, rounds } = await ask(tuples, `document:1#${permission}@user:anne`);
    expect(told).toEqual([[decision, seconds]]);
    expect(work.rounds).toBe(rounds);
  });
});

test("finding out when it changes reads nothing twice", async () => {
  const tuples = [
    "document:1#viewer@group:a#member",
    `group:a#member@user:anne${until(60)}`,
    `group:a#member@group:b#member${until(90)}`,
    `group:b#member@user:anne${until(120)}`,
  ];
  const { work } = await ask(tuples, "document:1#view@user:anne");
  // The document, group:a, and group:b only once group:a's own grant has ended.
  expect(work.rounds).toBe(3);
});

test("each item of a batch is looked at when its own tuples end", async () => {
  const tuples = Array.from({ length: 20 }, (_, i) => `document:${i}#viewer@user:anne${until(i + 1)}`);
  const items = tuples.map((_, i) => itemOf(`document:${i}#view@user:anne`));
  const { told, rounds } = await ask(tuples, items);
  expect(told).toEqual(tuples.map((_, i) => ["allowed", i + 1]));
  expect(rounds).toBe(1);
});

describe("too many grants that take over from each other", () => {
  // Each is behind a group of its own, so that one is found after the other.
  const tuples = Array.from({ length: 30 }, (_, i) => [
    `document:1#viewer@group:${i}#member`,
    `group:${i}#member@user:anne${until(i + 1)}`,
  ]).flat();

  test("are followed for a while, and what is told is not too late", async () => {
    const { told } = await ask(tuples, "document:1#view@user:anne");
    const [[kind, seconds] = []] = told;
    expect(kind).toBe("allowed");
    expect(seconds).toBeLessThanOrEqual(30);
    expect(seconds).toBeGreaterThanOrEqual(8);
  });

  test("and no further than the budget goes", async () => {
    const single = await ask(tuples, "document:1#view@user:anne");
    const nodes = 70;
    expect(single.work.nodes).toBeGreaterThan(nodes);
    const { told, work } = await ask(tuples, "document:1#view@user:anne", { maxNodes: nodes, maxRows: 1_000 });
    expect(work.nodes).toBeLessThanOrEqual(nodes);
    expect(told[0]?.[0]).toBe("allowed");
    expect(told[0]?.[1]).toBeLessThanOrEqual(30);
  });
});

const CHECKS = 10_000;

test(`the instants of ${CHECKS} random checks are the oracle's`, { timeout: 60_000 }, async () => {
  const seen = { exact: 0, forGood: 0, failed: 0 };
  for (let seed = 90_000, checks = 0; checks < CHECKS; seed++) {
    const random = seeded(seed);
    const draft = randomDraft(random, EVERYTHING);
    const world = build(draft);
    if (world === undefined || !world.tuples.some(({ expiresAtMs }) => expiresAtMs !== undefined)) continue;
    const asking = { ...randomAsking(random, draft, EVERYTHING), contextual: false };
    const questions = randomQuestions(random, draft, asking.subject, 60);
    const items = questions.map((question) => ({ question, context: asking.context }));
    const { nowMs } = asking;
    const source = createSource(world.tuples);
    const { outcomes } = await decide(planSchema(world.schema), items, source, { nowMs, signal, limits: PLENTY });
    const oracle = oracleOf(draft, world)(asking);
    for (const [index, { object, member }] of questions.entries()) {
      const change = oracle.firstChange(object, member, asking);
      const outcome = outcomes[index] as (typeof outcomes)[number];
      const problem = problemOf(outcome, { answer: oracle.check(object, member, asking), change }, "exact");
      expect(problem, `seed ${seed}: ${JSON.stringify(questions[index])}`).toBeUndefined();
      checks += 1;
      if (outcome instanceof RelataError) seen.failed += 1;
      else seen[outcome.expiresAtMs === undefined ? "forGood" : "exact"] += 1;
    }
  }
  console.log("instants of change:", seen);
  expect(seen.exact).toBeGreaterThan(CHECKS / 50);
});
