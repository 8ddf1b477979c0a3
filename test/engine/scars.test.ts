import { describe, expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import type { CheckItem } from "../../src/engine/solver.ts";
import { startChecks } from "../../src/engine/solver.ts";
import { validateTuple } from "../../src/engine/validate.ts";
import { RelataError } from "../../src/errors.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { Schema } from "../../src/model/schema.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { createTestVerbs } from "../support/server-verbs.ts";
import { compiled, itemOf, NOW_MS, outcomesOf, sourceOf } from "./ask.ts";
import { PLENTY } from "./random-checks.ts";

/** What other engines of this kind got wrong once. Each entry names the advisory or issue, and must not happen here. */

const PAST = new Date(NOW_MS).toISOString();
const FUTURE = new Date(NOW_MS + 60_000).toISOString();

function decideAll(schema: Schema, tuples: readonly string[], items: readonly CheckItem[], limits = PLENTY) {
  for (const tuple of tuples) validateTuple(schema, parseTuple(tuple));
  const solver = startChecks(planSchema(schema), items, { nowMs: NOW_MS, limits });
  return { outcomes: outcomesOf(solver, sourceOf(tuples)), nodes: solver.work.nodes };
}

function decide(schema: Schema, tuples: readonly string[], question: string, context: JsonObject = {}): string {
  return told(decideAll(schema, tuples, [itemOf(question, context)]).outcomes[0]);
}

function told(outcome: Outcome | RelataError | undefined): string {
  if (outcome === undefined || outcome instanceof RelataError) return outcome?.reason ?? "nothing";
  const { decision } = outcome;
  return decision.kind === "conditional" ? `conditional on ${decision.missing.join(", ")}` : decision.kind;
}

describe("a relation with a sibling type `user#manager`", () => {
  const schema = compiled(`
    use expiration
    caveat at_work(hour int) {
      hour >= 9 && hour < 17
    }
    definition user {
      relation manager: user
    }
    definition door {
      relation timed: user with expiration | user#manager
      relation bound: user with at_work | user#manager
      relation open: user:* with at_work | user#manager
    }`);
  const sibling = "door:1#timed@user:boss#manager";

  test("does not honour an expired grant (GHSA-w278-32qg-48q5)", () => {
    const grant = (ends: string) => [`door:1#timed@user:anne[expiration:${ends}]`, sibling];
    expect(decide(schema, grant(PAST), "door:1#timed@user:anne")).toBe("denied");
    expect(decide(schema, grant(FUTURE), "door:1#timed@user:anne")).toBe("allowed");
  });

  test("does not honour a conditional grant without its condition", () => {
    for (const [relation, subject] of [
      ["bound", "user:anne"],
      ["open", "user:*"],
    ]) {
      const tuples = [`door:1#${relation}@${subject}[at_work]`, `door:1#${relation}@user:boss#manager`];
      const ask = (context: JsonObject) => decide(schema, tuples, `door:1#${relation}@user:anne`, context);
      expect([ask({ hour: 8 }), ask({ hour: 9 }), ask({})]).toEqual(["denied", "allowed", "conditional on hour"]);
    }
  });
});

test("caveats of several branches with arrows are all heard (CVE-2025-49011)", () => {
  const schema = compiled(`
    caveat equals(actual string, required string) {
      actual == required
    }
    caveat vouched(by string) {
      by == "maria"
    }
    definition user {}
    definition office {
      relation parent: office
      relation manager: user | user with vouched
      permission read = manager + parent->read
    }
    definition group {
      relation parent: office
      permission read = parent->read
    }
    definition document {
      relation owner: group with equals
      permission read = owner->read
      permission twice = owner.all(read)
    }`);
  const tuples = [
    "office:head#manager@user:maria[vouched]",
    "office:branch#parent@office:head",
    "group:admins#parent@office:branch",
    "group:managers#parent@office:head",
    'document:budget#owner@group:admins[equals:{"required":"admin"}]',
    'document:budget#owner@group:managers[equals:{"required":"manager"}]',
  ];
  const read = (context: JsonObject) => decide(schema, tuples, "document:budget#read@user:maria", context);
  expect(read({ actual: "admin", by: "maria" })).toBe("allowed");
  expect(read({ actual: "manager", by: "maria" })).toBe("allowed");
  expect(read({ actual: "unknown", by: "maria" })).toBe("denied");
  expect(read({ actual: "admin", by: "mallory" })).toBe("denied");
  expect(read({ actual: "admin" })).toBe("conditional on by");
  expect(read({ by: "maria" })).toBe("conditional on actual");
  expect(read({})).toBe("conditional on actual, by");
  expect(read({ actual: "unknown" })).toBe("denied");
  expect(decide(schema, tuples, "document:budget#twice@user:maria", { actual: "admin", by: "maria" })).toBe("denied");
});

describe("a wildcard that is allowed only under a condition", () => {
  const text = `
    caveat at_work(hour int) {
      hour >= 9
    }
    definition user {}
    definition door {
      relation open: user:* with at_work | user
    }`;

  test("cannot be written without it", () => {
    expect(() => validateTuple(compiled(text), parseTuple("door:1#open@user:*"))).toThrow(RelataError);
  });

  test("cannot be brought by a request without it either", async () => {
    const at = await createTestVerbs();
    const { call, verbs } = at;
    await verbs.writeSchema(call, { text, expectedVersion: undefined });
    const ask = (tuple: string) =>
      verbs.check(call, {
        object: { type: "door", id: "1" },
        permission: "open",
        subject: { type: "user", id: "anne", relation: "" },
        contextualTuples: [parseTuple(tuple)],
        consistency: { kind: "fully_consistent" },
      });
    await expect(ask("door:1#open@user:*")).rejects.toMatchObject({ reason: "WILDCARD_NOT_ALLOWED" });
    expect((await ask("door:1#open@user:*[at_work]")).decision).toEqual({ kind: "conditional", missing: ["hour"] });
  });
});

describe("items of a batch that look alike", () => {
  const schema = compiled(`
    caveat listed(rows list<list<int>>, wanted list<list<int>>) {
      rows == wanted
    }
    caveat is_it(given any, wanted string) {
      given == wanted
    }
    definition user {}
    definition page {
      relation rows: user with listed
      relation any: user with is_it
    }`);

  test("nested lists are not flattened into one key (CVE-2026-46668)", () => {
    const tuples = ['page:1#rows@user:anne[listed:{"wanted":[[1],[2]]}]'];
    const contexts: readonly JsonObject[] = [
      { rows: [[1], [2]] },
      { rows: [[1, 2]] },
      { rows: [[1], [2]] },
      { rows: [[], [1, 2]] },
    ];
    const items = contexts.map((context) => itemOf("page:1#rows@user:anne", context));
    for (const order of [items, items.toReversed()]) {
      const outcomes = decideAll(schema, tuples, order).outcomes.map(told);
      const expected = ["allowed", "denied", "allowed", "denied"];
      expect(outcomes).toEqual(order === items ? expected : expected.toReversed());
    }
  });

  test("values that print alike are told apart", () => {
    const tuples = ['page:1#any@user:anne[is_it:{"wanted":"1"}]'];
    const values = ["1", 1, "n1", "s1", ["1"], null, true, { "": "1" }, Number.NaN, "NaN", -0, 0];
    const items = values.map((given) => itemOf("page:1#any@user:anne", { given }));
    const { outcomes, nodes } = decideAll(schema, tuples, items);
    expect(outcomes.map(told).filter((kind) => kind === "allowed")).toHaveLength(1);
    expect(told(outcomes[0])).toBe("allowed");
    // A node for each: no two of them share what they found.
    expect(nodes).toBe(values.length);
  });

  test("the same context, its keys in another order, is the same", () => {
    const tuples = ['page:1#any@user:anne[is_it:{"wanted":"1"}]'];
    const contexts = [
      { given: "1", other: { a: 1, b: 2 } },
      { other: { b: 2, a: 1 }, given: "1" },
    ];
    const { outcomes, nodes } = decideAll(
      schema,
      tuples,
      contexts.map((context) => itemOf("page:1#any@user:anne", context)),
    );
    expect(outcomes.map(told)).toEqual(["allowed", "allowed"]);
    expect(nodes).toBe(1);
  });

  test("the same question in other contexts has other answers", () => {
    const tuples = ['page:1#any@user:anne[is_it:{"wanted":"1"}]'];
    const contexts: readonly JsonObject[] = [{}, { given: "1" }, { given: "2" }, {}];
    const { outcomes } = decideAll(
      schema,
      tuples,
      contexts.map((context) => itemOf("page:1#any@user:anne", context)),
    );
    expect(outcomes.map(told)).toEqual(["conditional on given", "allowed", "denied", "conditional on given"]);
  });
});

describe("many questions in one run", () => {
  const schema = compiled(`
    caveat given(ok bool) {
      ok
    }
    definition user {}
    definition group {
      relation member: user | group#member | group#member with given
    }
    definition document {
      relation viewer: user | group#member
      relation blocked: user | group#member
      relation cleared: user | group#member
      permission view = viewer - blocked
      permission read = viewer & cleared
      permission both = view & read
    }`);

  test("what was found inside a cycle is not taken for an answer of its own", () => {
    // From each group of the ring, the others are on the way; only one of them holds anne, behind a condition.
    const ring = ["a", "b", "c", "d"];
    const tuples = [
      ...ring.map((name, at) => `group:${name}#member@group:${ring[(at + 1) % 4]}#member`),
      "group:d#member@group:e#member[given]",
      "group:e#member@group:a#member",
      "group:e#member@user:anne",
    ];
    const questions = [...ring, "e"].flatMap((name) => [
      `group:${name}#member@user:anne`,
      `group:${name}#member@user:bob`,
    ]);
    for (const context of [{}, { ok: true }, { ok: false }]) {
      const together = decideAll(
        schema,
        tuples,
        questions.map((question) => itemOf(question, context)),
      ).outcomes;
      expect(together.map(told)).toEqual(questions.map((question) => decide(schema, tuples, question, context)));
      const inRing = { "{}": "conditional on ok", '{"ok":true}': "allowed", '{"ok":false}': "denied" }[
        JSON.stringify(context)
      ];
      const expected = questions.map((question) =>
        question.endsWith("bob") ? "denied" : question.startsWith("group:e") ? "allowed" : inRing,
      );
      expect(together.map(told)).toEqual(expected);
    }
  });

  test("subtractions and intersections share what they read, not what they say", () => {
    const tuples = [
      "document:1#viewer@group:all#member",
      "document:1#blocked@group:out#member",
      "document:1#cleared@group:in#member",
      "group:all#member@group:in#member",
      "group:all#member@group:out#member[given]",
      "group:in#member@user:anne",
      "group:out#member@user:bob",
      "group:in#member@user:bob",
    ];
    const ask = (permission: string, user: string, context: JsonObject = {}) =>
      itemOf(`document:1#${permission}@user:${user}`, context);
    const items = ["view", "read", "both"].flatMap((permission) => [
      ask(permission, "anne"),
      ask(permission, "bob"),
      ask(permission, "carl"),
    ]);
    const expected = ["allowed", "denied", "denied", "allowed", "allowed", "denied", "allowed", "denied", "denied"];
    expect(decideAll(schema, tuples, items).outcomes.map(told)).toEqual(expected);
    expect(decideAll(schema, tuples, items.toReversed()).outcomes.map(told)).toEqual(expected.toReversed());
  });

  test("an exponential diamond costs what it has of groups, conditions or not", () => {
    const depth = 200;
    const layers = Array.from({ length: depth }, (_, layer) =>
      ["a", "b"].flatMap((from) =>
        ["a", "b"].map(
          (to) => `group:${layer}${from}#member@group:${layer + 1}${to}#member${layer % 2 ? "[given]" : ""}`,
        ),
      ),
    ).flat();
    const tuples = ["document:1#viewer@group:0a#member", "document:1#blocked@group:0b#member", ...layers];
    const limits = { maxNodes: 2_000, maxRows: 10_000 };
    const { outcomes } = decideAll(schema, tuples, [itemOf("document:1#view@user:anne")], limits);
    expect(outcomes.map(told)).toEqual(["denied"]);
    const reached = [...tuples, `group:${depth}a#member@user:anne`];
    const undecided = decideAll(schema, reached, [itemOf("document:1#view@user:anne")], limits);
    // The same way grants and takes away: what is asked for cannot be said without the condition.
    expect(undecided.outcomes.map(told)).toEqual(["conditional on ok"]);
  });
});
