import { describe, expect, test } from "vitest";
import { planSchema } from "../../src/engine/plan.ts";
import { startCheck } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import type { TupleSource } from "../../src/model/need.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";
import { drive } from "../../src/service/drive.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { storeWorld } from "./answer-from-store.ts";
import { compiled, sourceOf, start } from "./ask.ts";
import { PLENTY } from "./random-checks.ts";

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

describe("a batch", () => {
  test("costs as many rounds as its deepest item, and asks nothing twice in a round", async () => {
    const source = sourceOf([...chain(7), "document:1#viewer@group:0#member"]);
    const questions = Array.from(
      { length: 1_000 },
      (_, i) => `document:${i % 2}#view@user:${i < 500 ? "anne" : "bob"}`,
    );
    const solvers = questions.map((question) => start(schema, question));
    const cost = await drive(solvers, source, PLENTY);
    // The document, and eight groups below.
    expect(cost.rounds).toBe(9);
    expect(source.asked.map((round) => round.length)).toEqual([6, 3, 3, 3, 3, 3, 3, 3, 3]);
    expect(cost.rows).toBe(source.rows);
    expect(cost.nodes).toBe(solvers.reduce((sum, solver) => sum + solver.work.nodes, 0));
    const allowed = questions.filter((_, i) => solvers[i]?.decision().kind === "allowed");
    expect(new Set(allowed)).toEqual(new Set(["document:1#view@user:anne"]));
    expect(allowed).toHaveLength(250);
  });

  test("is one query a round on Postgres", async () => {
    await using database = await createTestDatabase();
    // One flight is one round trip; one of its statements reads, the others fix the tenant.
    const reading: number[] = [];
    const store = await createPostgresStore({
      connection: database.app,
      observe: (flight) => reading.push(flight.filter(({ text }) => text.includes("relata.tuple")).length),
    });
    try {
      const tuples = [...chain(5), "document:1#viewer@group:0#member"].map(parseTuple);
      const source = await storeWorld(store, "batch", { text: TEXT, tuples });
      const questions = Array.from({ length: 1_000 }, (_, i) => ({
        object: { type: "document", id: i < 500 ? "1" : `none${i}` },
        member: "view",
        subject: { type: "user", id: i % 10 === 0 ? "anne" : `user${i}`, relation: "" },
      }));
      const solvers = questions.map((question) => startCheck(planSchema(schema), question, PLENTY));
      reading.length = 0;
      const cost = await drive(solvers, source, PLENTY);
      expect(cost.rounds).toBe(7);
      expect(reading).toEqual(Array.from({ length: cost.rounds }, () => 1));
      expect(solvers.filter((solver) => solver.decision().kind === "allowed")).toHaveLength(50);
    } finally {
      await store.close();
    }
  });
});

describe("a request that must end", () => {
  const endless: TupleSource = {
    // Every group holds one more.
    read: async (needs) =>
      needs.map((need) =>
        need.kind === "usersets"
          ? [{ subjectType: "group", subjectId: `${Number(need.objectId) + 1}`, subjectRelation: "member" }]
          : [],
      ),
  };

  test("stops at its node budget", async () => {
    const limits = { maxNodes: 1_000, maxRows: 1_000_000 };
    const solver = start(schema, "group:0#member@user:anne", limits);
    await expect(drive([solver], endless, limits)).rejects.toMatchObject({
      reason: "BUDGET_EXHAUSTED",
      metadata: { budget: "nodes", limit: "1000" },
    });
  });

  test("shares the node budget among its items", async () => {
    const limits = { maxNodes: 20, maxRows: 1_000 };
    const source = sourceOf(chain(7));
    const run = (items: number) =>
      drive(
        Array.from({ length: items }, () => start(schema, "group:0#member@user:bob", limits)),
        source,
        limits,
      );
    expect((await run(2)).nodes).toBe(16);
    await expect(run(3)).rejects.toMatchObject({ reason: "BUDGET_EXHAUSTED", metadata: { budget: "nodes" } });
  });

  test("stops at its row budget, and tells the source what is left of it", async () => {
    const left: number[] = [];
    const source: TupleSource = {
      read: (needs, maxRows) => {
        left.push(maxRows);
        return endless.read(needs, maxRows);
      },
    };
    const limits = { maxNodes: 1_000_000, maxRows: 3 };
    const solver = start(schema, "group:0#member@user:anne", limits);
    await expect(drive([solver], source, limits)).rejects.toMatchObject({
      reason: "BUDGET_EXHAUSTED",
      metadata: { budget: "rows", limit: "3" },
    });
    expect(left).toEqual([3, 2, 1, 0]);
  });

  test("stops when it is aborted, even on a source that never leaves the process", async () => {
    const solver = start(schema, "group:0#member@user:anne");
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1);
    await expect(drive([solver], endless, PLENTY, controller.signal)).rejects.toMatchObject({ reason: "CANCELLED" });
  });

  test("says why it was aborted", async () => {
    const solver = start(schema, "group:0#member@user:anne");
    const late = new RelataError("DEADLINE_EXCEEDED", "the deadline of 1 ms is over");
    await expect(drive([solver], endless, PLENTY, AbortSignal.abort(late))).rejects.toBe(late);
  });

  test("passes on what goes wrong in the source", async () => {
    const lost = new RelataError("STORE_UNAVAILABLE", "the database cannot be reached");
    const solver = start(schema, "group:0#member@user:anne");
    await expect(drive([solver], { read: () => Promise.reject(lost) }, PLENTY)).rejects.toBe(lost);
    await expect(drive([solver], { read: async () => [] }, PLENTY)).rejects.toThrow("without an answer");
  });

  test("costs nothing when there is nothing to ask", async () => {
    expect(await drive([], endless, PLENTY)).toEqual({ rounds: 0, rows: 0, nodes: 0 });
  });
});
