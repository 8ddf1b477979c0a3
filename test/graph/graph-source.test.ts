import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { graphSource } from "../../src/graph/graph-source.ts";
import { readGraph } from "../../src/graph/read-graph.ts";
import { ResidentGraph } from "../../src/graph/resident-graph.ts";
import type { Found, Need, ObjectScan, SubjectScan, TupleSource } from "../../src/model/need.ts";
import type { Revision } from "../../src/model/revision.ts";
import { needs, objectScans, ordered, subjectScans, unordered } from "../support/arbitrary-needs.ts";
import { batchOf, headAt } from "./core-batch.ts";
import { revisionUpdates, SourceWorld } from "./source-world.ts";

const PLENTY = 1_000;

/** A tenant in memory from revision `loaded` on, as the store has it. */
async function residentWorld(history: readonly Parameters<SourceWorld["write"]>[0][], loaded: number) {
  const world = await SourceWorld.create();
  const graph = new ResidentGraph();
  const load = async () => {
    const { batches } = await world.store.changes.snapshot(world.tenant);
    for await (const batch of batches) graph.load(batch);
    graph.seal(headAt(world.head));
  };
  if (loaded === 0) await load();
  for (const updates of history) {
    await world.write(updates);
    if (world.head === loaded) await load();
    if (world.head <= loaded) continue;
    for (const change of await world.changesOf(world.head)) {
      if (change.kind === "put") graph.put(world.head, change.tuple);
      else graph.remove(world.head, change.tuple);
    }
    graph.publish(headAt(world.head));
  }
  return { world, graph };
}

const NOT_ASKED: TupleSource = {
  read: () => Promise.reject(new Error("the store was read")),
  scanSubjects: () => Promise.reject(new Error("the store was scanned")),
  scanObjects: () => Promise.reject(new Error("the store was scanned")),
};

function sourceOf(graph: ResidentGraph, revision: Revision, store: TupleSource = NOT_ASKED): TupleSource {
  return graphSource({ revision, signal: undefined, graph: () => graph, store: () => store });
}

describe("memory answers as the store does, at every revision it has", () => {
  const histories = fc.array(revisionUpdates, { minLength: 1, maxLength: 6 });

  test("reads", async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(3), fc.array(needs, { maxLength: 6 }), async (history, from, asked) => {
        const { world, graph } = await residentWorld(history, Math.min(from, history.length));
        for (let revision = graph.floor; revision <= graph.applied; revision += 1) {
          const expected = await world.source(revision).read(asked, PLENTY);
          expect(unordered(readGraph(graph, revision, asked, PLENTY))).toEqual(unordered(expected));
          expect(unordered(await sourceOf(graph, revision).read(asked, PLENTY))).toEqual(unordered(expected));
          const rows = expected.reduce((sum, answer) => sum + answer.length, 0);
          expect(readGraph(graph, revision, asked, rows).flat().length).toBe(rows);
          if (rows === 0) continue;
          const refused = expect.objectContaining({ reason: "BUDGET_EXHAUSTED" });
          expect(() => readGraph(graph, revision, asked, rows - 1)).toThrow(refused);
          await expect(sourceOf(graph, revision).read(asked, rows - 1)).rejects.toEqual(refused);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("scans of subjects and objects, from any place on, of any length", async () => {
    const limits = fc.integer({ min: 1, max: 6 });
    const scans = fc.tuple(fc.array(subjectScans, { maxLength: 4 }), fc.array(objectScans, { maxLength: 4 }));
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(3), scans, limits, async (history, from, [subjects, objects], limit) => {
        const { world, graph } = await residentWorld(history, Math.min(from, history.length));
        for (let revision = graph.floor; revision <= graph.applied; revision += 1) {
          const [memory, store] = [sourceOf(graph, revision), world.source(revision)];
          const expected = [await store.scanSubjects(subjects, limit), await store.scanObjects(objects, limit)];
          const found = [await memory.scanSubjects(subjects, limit), await memory.scanObjects(objects, limit)];
          expect(found.map(ordered)).toEqual(expected.map(ordered));
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** `document:big` has so many viewers, `user:busy` so many documents, `document:small` one. */
function graphWith(rows: number): ResidentGraph {
  const graph = new ResidentGraph();
  const viewer = (objectId: string, subjectId: string) => ({
    objectType: "document",
    objectId,
    relation: "viewer",
    subjectType: "user",
    subjectId,
    subjectRelation: "",
  });
  const tuples = [viewer("small", "anne")];
  for (let index = 0; index < rows; index += 1)
    tuples.push(viewer("big", `u${index}`), viewer(`d${String(index).padStart(6, "0")}`, "busy"));
  graph.load(batchOf(tuples));
  graph.seal(headAt(1));
  return graph;
}

const viewers = (objectId: string): SubjectScan => ({ objectType: "document", objectId, relation: "viewer" });
const documents = (subjectId: string): ObjectScan => ({
  subjectType: "user",
  subjectId,
  objectType: "document",
  relation: "viewer",
});
const arrow = (objectId: string): Need => ({ ...viewers(objectId), kind: "objects", subjectTypes: ["user"] });
const ANNE: Found = { subjectType: "user", subjectId: "anne", subjectRelation: "" };

describe("long lists", () => {
  /** Says what it was asked, and answers nothing. */
  function recording() {
    const asked: unknown[] = [];
    const answer = async (questions: readonly unknown[], most: number) => {
      asked.push(...questions, most);
      return questions.map(() => []);
    };
    return { asked, source: { read: answer, scanSubjects: answer, scanObjects: answer } satisfies TupleSource };
  }

  test("are left to the store, all in one trip, and the others are not", async () => {
    const graph = graphWith(4_001);
    const store = recording();
    const source = sourceOf(graph, 1, store.source);
    const asked = [viewers("big"), viewers("small"), { ...viewers("big"), subjectType: "user" }];
    expect(await source.scanSubjects(asked, 7)).toEqual([[], [ANNE], []]);
    expect(store.asked.splice(0)).toEqual([asked[0], asked[2], 7]);
    expect(await source.scanObjects([documents("anne"), documents("busy")], 7)).toEqual([
      [{ objectId: "small", subjectRelation: "" }],
      [],
    ]);
    expect(store.asked.splice(0)).toEqual([documents("busy"), 7]);
    expect(await source.read([arrow("small"), arrow("big")], 5_000)).toEqual([[ANNE], []]);
    expect(store.asked.splice(0)).toEqual([arrow("big"), 4_999]);
  });

  test("are not walked to their end for what they do not hold", () => {
    const graph = graphWith(4_000);
    const folders: Need = { ...viewers("big"), kind: "objects", subjectTypes: ["folder"] };
    expect(readGraph(graph, 1, [folders], 1)).toEqual([[]]);
    expect(readGraph(graph, 1, [folders], 1, 5_000)).toEqual([[]]);
    const refused = expect.objectContaining({ reason: "BUDGET_EXHAUSTED" });
    expect(() => readGraph(graph, 1, [folders], 1, 3_000)).toThrow(refused);
    expect(() => readGraph(graph, 1, [folders, folders], 1, 5_000)).toThrow(refused);
  });

  test("are walked up to that length, in order", async () => {
    const source = sourceOf(graphWith(4_000), 1);
    const [rows] = await source.scanObjects(
      [{ ...documents("busy"), after: { objectId: "d003997", subjectRelation: "" } }],
      9,
    );
    expect(rows?.map(({ objectId }) => objectId)).toEqual(["d003998", "d003999"]);
    expect((await source.scanSubjects([viewers("big")], 5_000))[0]?.length).toBe(4_000);
  });

  test("let others have their turn in between", async () => {
    const source = sourceOf(graphWith(3_000), 1);
    let turns = 0;
    const count = () => {
      turns += 1;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    await source.scanSubjects(
      Array.from({ length: 20 }, () => viewers("big")),
      1,
    );
    clearImmediate(immediate);
    expect(turns).toBeGreaterThanOrEqual(19);
  });
});

describe("a tenant that leaves memory", () => {
  test("is read from the store from then on, even in the middle of an answer", async () => {
    const graph = graphWith(3_000);
    let asks = 0;
    const source = graphSource({
      revision: 1,
      signal: undefined,
      graph: () => (++asks > 2 ? undefined : graph),
      store: () => ({ ...NOT_ASKED, scanSubjects: async (scans) => scans.map(() => [ANNE]) }),
    });
    const answers = await source.scanSubjects(
      Array.from({ length: 4 }, () => viewers("big")),
      1,
    );
    expect(answers.map((answer) => answer[0]?.subjectId)).toEqual(["u0", "u0", "anne", "anne"]);
  });

  test("a caller who has left gets nothing", async () => {
    const signal = AbortSignal.abort();
    const source = graphSource({ revision: 1, signal, graph: () => graphWith(1), store: () => NOT_ASKED });
    await expect(source.read([arrow("small")], 1)).rejects.toMatchObject({ reason: "CANCELLED" });
  });
});
