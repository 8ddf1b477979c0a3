import { describe, expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import { RelataError } from "../../src/errors.ts";
import type { Schema } from "../../src/model/schema.ts";
import { ask, compiled, describeNeed, outcomesOf, sourceOf, start, startAll } from "./ask.ts";

const GROUPS = `
definition user {}
definition robot {}
definition group {
  relation member: user | group#member
}
definition folder {
  relation parent: folder
  relation viewer: user | group#member
  permission view = viewer + parent->view
}
definition document {
  relation parent: folder
  relation owner: user
  relation viewer: user | group#member
  relation auditor: user | group#member
  permission view = owner + viewer + parent->view
  permission audit = viewer & auditor
}`;
const groups = compiled(GROUPS);

/** group:0 holds group:1 holds … group:depth holds user:anne. */
function chain(depth: number): string[] {
  const links = Array.from({ length: depth }, (_, i) => `group:${i}#member@group:${i + 1}#member`);
  return [...links, `group:${depth}#member@user:anne`];
}

describe("rounds", () => {
  test("are as many as the data is deep", () => {
    const { decision, rounds, rows } = ask(groups, sourceOf(chain(10)), "group:0#member@user:anne");
    expect({ decision, rounds, rows }).toEqual({ decision: "allowed", rounds: 11, rows: 11 });
  });

  test("are not more when the data is wide", () => {
    const wide = Array.from({ length: 500 }, (_, i) => [
      `group:top#member@group:${i}#member`,
      `group:${i}#member@group:${i}x#member`,
    ]).flat();
    const { decision, rounds, needs } = ask(groups, sourceOf(wide), "group:top#member@user:anne");
    expect({ decision, rounds }).toEqual({ decision: "denied", rounds: 3 });
    expect(needs.map((round) => round.length)).toEqual([2, 1000, 1000]);
  });

  test("ask for everything a permission could use at once", () => {
    const { needs } = ask(groups, sourceOf([]), "document:1#view@user:anne");
    expect(needs).toHaveLength(1);
    expect(needs[0]?.toSorted()).toEqual([
      "exact document:1#owner",
      "exact document:1#viewer",
      "objects document:1#parent",
      "usersets document:1#viewer",
    ]);
  });
});

describe("what is settled or cannot matter", () => {
  test("ends the question at once", () => {
    const source = sourceOf(["document:1#owner@user:anne", "document:1#viewer@group:0#member", ...chain(5)]);
    expect(ask(groups, source, "document:1#view@user:anne").rounds).toBe(1);
  });

  test("below a settled union is not asked again", () => {
    const source = sourceOf([
      "document:1#viewer@user:anne",
      "document:1#viewer@group:0#member",
      "document:1#auditor@group:audit#member",
      "group:audit#member@group:auditors#member",
      ...chain(5),
    ]);
    const { decision, needs } = ask(groups, source, "document:1#audit@user:anne");
    expect(decision).toBe("denied");
    expect(needs.slice(1)).toEqual([
      ["exact group:audit#member", "usersets group:audit#member"],
      ["exact group:auditors#member", "usersets group:auditors#member"],
    ]);
  });

  test("is taken up again when something else needs it", () => {
    // viewer is settled in the first round and lets go of group:0; auditor comes to group:0 two rounds later.
    const source = sourceOf([
      "document:1#viewer@user:anne",
      "document:1#viewer@group:0#member",
      "document:1#auditor@group:a#member",
      "group:a#member@group:b#member",
      "group:b#member@group:0#member",
      ...chain(3),
    ]);
    expect(ask(groups, source, "document:1#audit@user:anne").decision).toBe("allowed");
  });

  test("is not asked for a kind of subject that cannot be reached", () => {
    const source = sourceOf(["document:1#parent@folder:1"]);
    expect(ask(groups, source, "document:1#view@robot:r2")).toMatchObject({ decision: "denied", rounds: 0, nodes: 1 });
  });

  test("is not asked of an intersection with a side that cannot be reached", () => {
    const schema = compiled(`
      definition user {}
      definition robot {}
      definition door {
        relation human: user
        relation machine: robot | user:*
        relation staff: user | robot
        permission both = staff & human
        permission less = staff - human
      }`);
    expect(ask(schema, sourceOf([]), "door:1#both@robot:r2").rounds).toBe(0);
    expect(ask(schema, sourceOf([]), "door:1#less@robot:r2").needs).toEqual([["exact door:1#staff"]]);
  });

  test("is not asked through usersets that cannot hold the subject, nor twice for a subject with a relation", () => {
    const schema = compiled(`
      definition user {}
      definition robot {}
      definition fleet {
        relation unit: robot
      }
      definition door {
        relation opener: user | robot | fleet | fleet#unit
      }`);
    expect(ask(schema, sourceOf([]), "door:1#opener@user:anne").needs).toEqual([["exact door:1#opener"]]);
    expect(ask(schema, sourceOf([]), "door:1#opener@fleet:f#unit").needs).toEqual([["usersets door:1#opener"]]);
    expect(ask(schema, sourceOf([]), "door:1#opener@robot:r").needs[0]).toHaveLength(2);
  });

  describe("is not asked when it settles before the round", () => {
    // `me` holds for anne herself and settles `settled`, before or after its other parts have been looked into.
    const schema = compiled(`
      use self
      definition user {
        relation friend: user
        relation boss: user
        relation delegate: user
        permission me = self
        permission near = delegate
        permission deep = boss->delegate
        permission settled = me + near + deep
        permission delttes = deep + near + me
        permission up = boss->near
        permission once = settled & friend->friend
        permission ecno = delttes & friend->friend
        permission again = settled & friend->near
        permission niaga = delttes & friend->near
        permission through = settled & friend->up
        permission hguorht = delttes & friend->up
      }`);
    const tuples = ["user:anne#friend@user:anne", "user:anne#boss@user:bob", "user:bob#delegate@user:anne"];
    const first = ["objects user:anne#friend"];

    test.each(["once", "ecno"])("at all (%s)", (permission) => {
      const { decision, needs } = ask(schema, sourceOf(tuples), `user:anne#${permission}@user:anne`);
      expect({ decision, needs }).toEqual({ decision: "allowed", needs: [first, ["exact user:anne#friend"]] });
    });

    test.each(["again", "niaga"])("unless it is needed after all (%s)", (permission) => {
      const { decision, needs } = ask(schema, sourceOf(tuples), `user:anne#${permission}@user:anne`);
      expect({ decision, needs }).toEqual({ decision: "denied", needs: [first, ["exact user:anne#delegate"]] });
    });

    test.each(["through", "hguorht"])("unless something else needs the same read (%s)", (permission) => {
      const { decision, needs } = ask(schema, sourceOf(tuples), `user:anne#${permission}@user:anne`);
      const rest = [["objects user:anne#boss"], ["exact user:bob#delegate"]];
      expect({ decision, needs }).toEqual({ decision: "allowed", needs: [first, ...rest] });
    });
  });

  test("a cycle is closed while other parts are still being read", () => {
    const schema = compiled(`
      definition user {}
      definition group {
        relation member: user | group#member
      }
      definition folder {
        relation parent: folder
        relation viewer: user
        permission view = viewer + parent->view
      }
      definition document {
        relation team: group#member
        relation parent: folder
        permission view = team & parent->view
      }`);
    const parents = Array.from({ length: 50 }, (_, i) => `folder:${i}#parent@folder:${i + 1}`);
    const source = sourceOf([
      "document:1#team@group:a#member",
      "group:a#member@group:b#member",
      "group:b#member@group:a#member",
      "document:1#parent@folder:0",
      ...parents,
    ]);
    expect(ask(schema, source, "document:1#view@user:anne")).toMatchObject({ decision: "denied", rounds: 3 });
  });
});

describe("size", () => {
  test("a group's plain members are never read", () => {
    const members = Array.from({ length: 200_000 }, (_, i) => `group:all#member@user:u${i}`);
    const source = sourceOf(["document:1#viewer@group:all#member", ...members]);
    expect(ask(groups, source, "document:1#view@user:u7")).toMatchObject({ decision: "allowed", rounds: 2, rows: 2 });
    expect(ask(groups, source, "document:1#view@user:nobody")).toMatchObject({ decision: "denied", rows: 1 });
  });

  test("depth 100,000 overflows nothing", () => {
    const depth = 100_000;
    const { decision, rounds, nodes } = ask(groups, sourceOf(chain(depth)), "group:0#member@user:anne");
    expect({ decision, rounds, nodes }).toEqual({ decision: "allowed", rounds: depth + 1, nodes: depth + 1 });
    expect(ask(groups, sourceOf(chain(depth)), "group:0#member@user:bob").decision).toBe("denied");
  });

  test.each([
    ["depth", chain],
    ["width", (width: number) => Array.from({ length: width }, (_, i) => `group:0#member@group:w${i}#member`)],
    ["a layered diamond's depth", (depth: number) => diamond(depth)],
    ["a cycle's length", (length: number) => [...chain(length), `group:${length}#member@group:0#member`]],
  ])("doubling %s doubles the work", (_, tuplesOf) => {
    const work = (size: number) => ask(groups, sourceOf(tuplesOf(size)), "group:0#member@user:bob");
    const [small, large] = [work(500), work(1_000)];
    expect(large.nodes - 1).toBeLessThanOrEqual(2 * small.nodes);
    expect(large.nodes).toBeGreaterThan(small.nodes);
    expect(large.rows).toBeLessThanOrEqual(2 * small.rows + 2);
  });

  test("time grows with the size, not with its square", () => {
    const time = (depth: number) => {
      const source = sourceOf(chain(depth));
      const begin = performance.now();
      ask(groups, source, "group:0#member@user:bob");
      return performance.now() - begin;
    };
    time(20_000);
    // Ten times the depth: 10 when linear, 100 when quadratic. Busy machines get room.
    expect(time(100_000) / Math.max(time(10_000), 1)).toBeLessThan(40);
  });
});

/** Two groups a layer, both holding both of the next: 2^depth ways. */
function diamond(depth: number): string[] {
  const tuples = ["group:0#member@group:1a#member", "group:0#member@group:1b#member"];
  for (let layer = 1; layer < depth; layer++) {
    for (const from of ["a", "b"]) {
      for (const to of ["a", "b"]) tuples.push(`group:${layer}${from}#member@group:${layer + 1}${to}#member`);
    }
  }
  return tuples;
}

describe("questions asked together", () => {
  function runAll(schema: Schema, tuples: readonly string[], questions: readonly string[]) {
    const source = sourceOf(tuples);
    const solver = startAll(schema, questions);
    const kinds = outcomesOf(solver, source).map((outcome) =>
      outcome instanceof RelataError ? outcome.reason : outcome.decision.kind,
    );
    return { kinds, needs: source.asked.map((needs) => needs.map(describeNeed)), nodes: solver.work.nodes };
  }

  test("share every read that is not about their subject, whatever kind of subject it is", () => {
    const schema = compiled(`
      definition user {}
      definition robot {}
      definition folder {
        relation viewer: user | robot
        permission view = viewer
      }
      definition document {
        relation folder: folder
        permission view = folder->view
      }`);
    const tuples = ["document:1#folder@folder:a", "folder:a#viewer@robot:r"];
    const questions = ["user:anne", "user:bob", "robot:r"].map((subject) => `document:1#view@${subject}`);
    const { kinds, needs } = runAll(schema, tuples, questions);
    expect(kinds).toEqual(["denied", "denied", "allowed"]);
    expect(needs).toEqual([["objects document:1#folder"], Array.from({ length: 3 }, () => "exact folder:a#viewer")]);
  });

  test("share all they found about the same subject", () => {
    const alone = runAll(groups, chain(20), ["group:0#member@user:anne"]);
    const questions = Array.from({ length: 20 }, (_, i) => `group:${i}#member@user:anne`);
    const together = runAll(groups, chain(20), questions);
    expect(new Set(together.kinds)).toEqual(new Set(["allowed"]));
    expect(together.nodes).toBe(alone.nodes);
  });

  test("end one by one: nothing more is read for one that has settled", () => {
    const tuples = [
      "document:1#owner@user:anne",
      "document:1#viewer@group:0#member",
      ...chain(5),
      "group:x#member@group:y#member",
    ];
    const { kinds, needs } = runAll(groups, tuples, ["document:1#view@user:anne", "group:x#member@user:bob"]);
    expect(kinds).toEqual(["allowed", "denied"]);
    expect(needs.slice(1)).toEqual([["exact group:y#member", "usersets group:y#member"]]);
  });

  test("that the self rule settles at once keep no cycle of another open", () => {
    const source = sourceOf(["group:a#member@group:b#member", "group:b#member@group:a#member"]);
    const questions = ["group:x#member@group:x#member", "group:a#member@user:anne"];
    const solver = startAll(groups, questions);
    expect(outcomesOf(solver, source)).toEqual([{ decision: { kind: "allowed" } }, { decision: { kind: "denied" } }]);
  });
});

describe("limits and misuse", () => {
  test("more nodes than allowed is an error, not no", () => {
    const source = sourceOf(chain(100));
    const solver = start(groups, "group:0#member@user:bob", { maxNodes: 50, maxRows: 1_000 });
    expect(outcomesOf(solver, source)).toEqual([expect.any(RelataError)]);
    expect(solver.outcomes()[0]).toMatchObject({
      reason: "BUDGET_EXHAUSTED",
      metadata: { budget: "nodes", limit: "50" },
    });
    const atOnce = start(groups, "document:1#view@user:bob", { maxNodes: 2, maxRows: 1_000 });
    expect(atOnce.needs()).toEqual([]);
    expect(atOnce.outcomes()[0]).toMatchObject({ metadata: { limit: "2" } });
  });

  test("an outcome is not to be had early, and answers have to be complete", () => {
    const solver = start(groups, "group:0#member@user:bob");
    expect(() => solver.outcomes()).toThrow("not settled");
    expect(() => solver.feed([])).toThrow("one answer is due for each need");
    expect(solver.needs()).toBe(solver.needs());
  });

  test("a schema whose member depends on its own negation is refused, should the compiler let one through", () => {
    const schema = compiled("definition user {}\ndefinition d {\n relation r: user\n permission p = r\n}");
    const d = schema.definitions.get("d");
    const p = d?.members.get("p");
    if (d === undefined || p?.kind !== "permission") throw new Error("the schema has a permission");
    const reference = (member: string) => ({ kind: "computed" as const, member });
    const paradox = { ...p, rewrite: { kind: "exclusion" as const, base: reference("r"), subtract: reference("p") } };
    const broken: Schema = {
      ...schema,
      definitions: new Map([...schema.definitions, ["d", { ...d, members: new Map([...d.members, ["p", paradox]]) }]]),
      members: schema.members.map((member) => (member === p ? paradox : member)),
    };
    expect(() => planSchema(broken)).toThrow("d#p depends on its own negation");
  });

  test("a plan is made once per schema", () => {
    expect(planSchema(groups)).toBe(planSchema(groups));
  });
});
