import { describe, expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import { startChecks } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { TupleSource } from "../../src/model/need.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { drive } from "../../src/service/drive.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { compiled, NOW_MS, sourceOf, start, startAll } from "./ask.ts";
import { PLENTY } from "./random-checks.ts";
import { storeWorld } from "./store-world.ts";

const TEXT = `
definition user {}
definition group {
  relation member: user | group#member
}
definition document {
  relation viewer: user | group#member
  permission view = viewer
}`;
const schema = compiled(TEXT);

function chain(depth: number): string[] {
  const links = Array.from({ length: depth }, (_, i) => `group:${i}#member@group:${i + 1}#member`);
  return [...links, `group:${depth}#member@user:anne`];
}

function kindOf(outcome: Outcome | RelataError | undefined): string | undefined {
  return outcome instanceof RelataError ? outcome.reason : outcome?.decision.kind;
}

describe("a batch", () => {
  test("costs as many rounds as its deepest item, and asks nothing twice", async () => {
    const source = sourceOf([...chain(7), "document:1#viewer@group:0#member"]);
    const questions = Array.from(
      { length: 1_000 },
      (_, i) => `document:${i % 2}#view@user:${i < 500 ? "anne" : "bob"}`,
    );
    const solver = startAll(schema, questions);
    const cost = await drive(solver, source, PLENTY);
    // The document, and eight groups below.
    expect(cost.rounds).toBe(9);
    expect(source.asked.map((round) => round.length)).toEqual([6, 3, 3, 3, 3, 3, 3, 3, 3]);
    expect(cost).toEqual({ rounds: 9, rows: source.rows, nodes: solver.work.nodes });
    // For each of two people: two permissions, two relations, eight groups. The other 996 questions add nothing.
    expect(cost.nodes).toBe(2 * (2 + 2 + 8));
    const outcomes = solver.outcomes();
    const allowed = questions.filter((_, i) => kindOf(outcomes[i]) === "allowed");
    expect(new Set(allowed)).toEqual(new Set(["document:1#view@user:anne"]));
    expect(allowed).toHaveLength(250);
  });

  test("is one query a round on Postgres", async () => {
    await using database = await createTestDatabase();
    // One flight is one round trip; one of its statements reads, the others fix the tenant.
    const reading: number[] = [];
    const store = await createPostgresStore({
      connection: database.app,
      observe: (flight) => {
        // News of the writes before goes out on its own time.
        if (flight.some(({ name }) => name === "announce_changes")) return;
        reading.push(flight.filter(({ text }) => text.includes("relata.tuple")).length);
      },
    });
    try {
      const tuples = [...chain(5), "document:1#viewer@group:0#member"].map(parseTuple);
      const source = await storeWorld(store, "batch", { text: TEXT, tuples });
      const questions = Array.from({ length: 1_000 }, (_, i) => ({
        object: { type: "document", id: i < 500 ? "1" : `none${i}` },
        member: "view",
        subject: { type: "user", id: i % 10 === 0 ? "anne" : `user${i}`, relation: "" },
      }));
      const items = questions.map((question) => ({ question, context: {} }));
      const solver = startChecks(planSchema(schema), items, { nowMs: NOW_MS, limits: PLENTY });
      reading.length = 0;
      const cost = await drive(solver, source, PLENTY);
      expect(cost.rounds).toBe(7);
      expect(reading).toEqual(Array.from({ length: cost.rounds }, () => 1));
      expect(solver.outcomes().filter((outcome) => kindOf(outcome) === "allowed")).toHaveLength(50);
    } finally {
      await store.close();
    }
  });
});

describe("a request that must end", () => {
  const none = { scanSubjects: () => unscanned(), scanObjects: () => unscanned() };
  const endless: TupleSource = {
    ...none,
    // Every group holds one more.
    read: async (needs) =>
      needs.map((need) =>
        need.kind === "usersets"
          ? [{ subjectType: "group", subjectId: `${Number(need.objectId) + 1}`, subjectRelation: "member" }]
          : [],
      ),
  };

  test("stops at its node budget", async () => {
    const solver = startAll(schema, ["group:0#member@user:anne"], { maxNodes: 1_000, maxRows: 1_000_000 });
    expect((await drive(solver, endless, PLENTY)).nodes).toBe(1_000);
    expect(solver.outcomes()).toMatchObject([
      { reason: "BUDGET_EXHAUSTED", metadata: { budget: "nodes", limit: "1000" } },
    ]);
  });

  test("shares the node budget among its items, and those that are done keep their answer", async () => {
    const run = async (people: number) => {
      const questions = Array.from({ length: people }, (_, i) => `group:0#member@user:bob${i}`);
      const solver = startAll(schema, ["group:7#member@user:anne", ...questions], { maxNodes: 20, maxRows: 1_000 });
      await drive(solver, sourceOf(chain(7)), PLENTY);
      return solver.outcomes().map(kindOf);
    };
    expect(await run(2)).toEqual(["allowed", "denied", "denied"]);
    expect(await run(3)).toEqual(["allowed", ...Array.from({ length: 3 }, () => "BUDGET_EXHAUSTED")]);
  });

  test("stops at its row budget, and tells the source what is left of it", async () => {
    const left: number[] = [];
    const source: TupleSource = {
      ...none,
      read: (needs, maxRows) => {
        left.push(maxRows);
        return endless.read(needs, maxRows);
      },
    };
    const solver = start(schema, "group:0#member@user:anne");
    const { rows } = await drive(solver, source, { maxRows: 3 });
    expect(solver.outcomes()).toMatchObject([{ reason: "BUDGET_EXHAUSTED", metadata: { budget: "rows", limit: "3" } }]);
    expect(left).toEqual([3, 2, 1, 0]);
    expect(rows).toBe(3);
  });

  test("stops when the source refuses to read more rows, and keeps what has settled", async () => {
    const refusing = new RelataError("BUDGET_EXHAUSTED", "the source's own words");
    let rounds = 0;
    const source: TupleSource = {
      ...none,
      read: (needs, maxRows) => {
        rounds += 1;
        return rounds < 3 ? sourceOf(chain(7)).read(needs, maxRows) : Promise.reject(refusing);
      },
    };
    const solver = startAll(schema, ["group:6#member@user:anne", "group:0#member@user:anne"]);
    await drive(solver, source, { maxRows: 100 });
    expect(solver.outcomes().map(kindOf)).toEqual(["allowed", "BUDGET_EXHAUSTED"]);
    expect(solver.outcomes()[1]).toMatchObject({ metadata: { budget: "rows", limit: "100" } });
  });

  test("stops when it is aborted, even on a source that never leaves the process", async () => {
    const solver = start(schema, "group:0#member@user:anne");
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1);
    await expect(drive(solver, endless, PLENTY, controller.signal)).rejects.toMatchObject({ reason: "CANCELLED" });
  });

  test("says why it was aborted", async () => {
    const solver = start(schema, "group:0#member@user:anne");
    const late = new RelataError("DEADLINE_EXCEEDED", "the deadline of 1 ms is over");
    await expect(drive(solver, endless, PLENTY, AbortSignal.abort(late))).rejects.toBe(late);
  });

  test("passes on what goes wrong in the source", async () => {
    const lost = new RelataError("STORE_UNAVAILABLE", "the database cannot be reached");
    const solver = start(schema, "group:0#member@user:anne");
    await expect(drive(solver, { ...none, read: () => Promise.reject(lost) }, PLENTY)).rejects.toBe(lost);
    await expect(drive(solver, { ...none, read: async () => [] }, PLENTY)).rejects.toThrow("without an answer");
  });

  test("costs nothing when there is nothing to ask", async () => {
    expect(await drive(startAll(schema, []), endless, PLENTY)).toEqual({ rounds: 0, rows: 0, nodes: 0 });
  });
});

function unscanned(): never {
  throw new Error("a Check scans nothing");
}

test("a few rounds of much work let others have their turn, as many of little do", async () => {
  const wide = Array.from({ length: 5_000 }, (_, i) => [
    `document:1#viewer@group:${i}#member`,
    `group:${i}#member@group:${i + 10_000}#member`,
    `group:${i + 10_000}#member@group:${i + 20_000}#member`,
  ]).flat();
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  const { rounds } = await drive(start(schema, "document:1#view@user:anne"), sourceOf(wide), PLENTY);
  expect(rounds).toBeLessThan(10);
  expect(turned).toBe(true);
});
