import { describe, expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import { startCheck } from "../../src/engine/solver.ts";
import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import type { CountingSource } from "../support/oracle-source.ts";
import { createSource } from "../support/oracle-source.ts";
import { compiled, itemOf, NOW_MS, outcomesOf, startAll } from "./ask.ts";
import { PLENTY } from "./random-checks.ts";

const schema = compiled(`
  use expiration
  caveat open(hour int, from int) {
    hour >= from
  }
  definition user {}
  definition group {
    relation member: user | group#member with open and expiration
  }
  definition folder {
    relation parent: folder with open and expiration
    relation viewer: user
    permission view = viewer + parent->view
    permission all = viewer + parent.all(view)
  }`);

const DEPTH = 100_000;
const ENDS_MS = NOW_MS + 3_600_000;
const LATER_MS = NOW_MS + 7_200_000;

/** Under a condition, and for a time; one tuple in the middle ends first. */
function link(relation: string, from: string, to: string, index: number): Tuple {
  const [objectType = "", objectId = ""] = from.split(":");
  const [subjectType = "", subjectId = ""] = to.split(":");
  return {
    objectType,
    objectId,
    relation,
    subjectType,
    subjectId,
    subjectRelation: relation === "member" ? "member" : "",
    caveat: { name: "open", context: { from: index % 7 } },
    expiresAtMs: index === 500 ? ENDS_MS : LATER_MS,
  };
}

const chains = {
  groups: {
    question: "group:0#member@user:anne",
    tuples: (depth: number) => [
      ...Array.from({ length: depth }, (_, i) => link("member", `group:${i}`, `group:${i + 1}`, i)),
      parseTuple(`group:${depth}#member@user:anne`),
    ],
  },
  folders: {
    question: "folder:0#all@user:anne",
    tuples: (depth: number) => [
      ...Array.from({ length: depth }, (_, i) => link("parent", `folder:${i}`, `folder:${i + 1}`, i)),
      parseTuple(`folder:${depth}#viewer@user:anne`),
    ],
  },
};

function run(source: CountingSource, question: string, context: JsonObject, explain = false) {
  const solver = startCheck(planSchema(schema), itemOf(question, context), { nowMs: NOW_MS, limits: PLENTY, explain });
  return { outcomes: outcomesOf(solver, source), solver, nodes: solver.work.nodes };
}

describe.each(Object.entries(chains))("%s through caveats and ends", (_, { question, tuples }) => {
  test(`${DEPTH} deep: decided, explained and timed without recursion`, { timeout: 60_000 }, () => {
    const source = createSource(tuples(DEPTH));
    const undecided = run(source, question, {}, true);
    expect(undecided.outcomes).toEqual([
      { decision: { kind: "conditional", missing: ["hour"] }, expiresAtMs: ENDS_MS },
    ]);
    const { nodes, truncated } = undecided.solver.explanation(0);
    expect({ nodes: nodes.length, truncated }).toEqual({ nodes: 1_000, truncated: true });
    expect(nodes.every(({ result }) => result === "conditional")).toBe(true);
    // A caveat that is false ends the way down.
    const denied = run(source, question, { hour: 3 });
    expect(denied.outcomes).toMatchObject([{ decision: { kind: "denied" } }]);
    expect(denied.nodes).toBeLessThan(30);
  });

  test("doubling the depth doubles the nodes", () => {
    const nodes = (depth: number) => {
      const decided = run(createSource(tuples(depth)), question, { hour: 6 });
      expect(decided.outcomes).toEqual([{ decision: { kind: "allowed" }, expiresAtMs: ENDS_MS }]);
      return decided.nodes;
    };
    const [small, large] = [nodes(1_000), nodes(2_000)];
    expect(large).toBeLessThanOrEqual(2 * small);
    expect(large).toBeGreaterThan(1.9 * small);
  });
});

test("a batch of 1,000 undecided questions over one long way costs little more than one", () => {
  const source = createSource([
    ...chains.groups.tuples(5_000),
    ...Array.from({ length: 1_000 }, (_, i) => link("member", `group:top${i}`, "group:0", i)),
  ]);
  const time = (questions: readonly string[]) => {
    const begin = performance.now();
    const outcomes = outcomesOf(startAll(schema, questions), source);
    return { ms: performance.now() - begin, outcomes };
  };
  time([chains.groups.question]);
  const one = time([chains.groups.question]);
  const many = time(Array.from({ length: 1_000 }, (_, i) => `group:top${i}#member@user:anne`));
  expect(new Set(many.outcomes.map((outcome) => JSON.stringify(outcome)))).toHaveProperty("size", 1);
  expect(many.outcomes[0]).toMatchObject({ decision: { kind: "conditional", missing: ["hour"] } });
  // A walk of the whole way for each item would be 1,000 times one.
  expect(many.ms / Math.max(one.ms, 20)).toBeLessThan(40);
});
