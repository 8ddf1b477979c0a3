import fc from "fast-check";
import { expect } from "vitest";
import { ResidentGraph } from "../../src/graph/resident-graph.ts";
import { SHARD_SHAPE, type ShardShape } from "../../src/graph/shard-table.ts";
import type { StoredTuple, TupleChange } from "../../src/model/change.ts";
import { batchOf, headAt } from "./core-batch.ts";
import { expectSame, keyOf, NaiveGraph, type Universe } from "./core-model.ts";

const LONG_ID = "x".repeat(1024);
const UNIVERSE: Universe = {
  objects: [
    { type: "doc", id: "a" },
    { type: "doc", id: LONG_ID },
    { type: "group", id: "a" },
  ],
  subjects: [
    { type: "group", id: "a" },
    { type: "user", id: "a" },
    { type: "user", id: "*" },
  ],
  relations: ["viewer", "member"],
  subjectRelations: ["", "member"],
};

const key = fc
  .tuple(
    fc.constantFrom(...UNIVERSE.objects),
    fc.constantFrom(...UNIVERSE.relations),
    fc.constantFrom(...UNIVERSE.subjects),
    fc.constantFrom(...UNIVERSE.subjectRelations),
  )
  .map(([object, relation, subject, subjectRelation]) => keyOf(object, relation, subject, subjectRelation));
const traits = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  fc.constant({ expiresAtMs: 5 }),
  fc.constant({ caveat: { name: "c", contextJson: "{}" } }),
  fc.constant({ caveat: { name: "c", contextJson: '{"a": "é"}' }, expiresAtMs: 7 }),
);
const tuple: fc.Arbitrary<StoredTuple> = fc.tuple(key, traits).map(([k, t]) => ({ ...k, ...t }));
const change: fc.Arbitrary<TupleChange> = fc.oneof(
  tuple.map((t) => ({ kind: "put" as const, tuple: t })),
  key.map((k) => ({ kind: "remove" as const, tuple: k })),
);
const keyText = (k: StoredTuple) => Object.values({ ...k, caveat: "", expiresAtMs: "" }).join(" ");
const history = fc.record({
  loaded: fc.uniqueArray(tuple, { selector: keyText, maxLength: 20 }),
  revisions: fc.array(
    fc.record({
      changes: fc.uniqueArray(change, { selector: (c) => keyText(c.tuple), maxLength: 6 }),
      /** How many of the newest revisions stay readable afterwards, and how much of what that frees is done at once. */
      keep: fc.nat(4),
      steps: fc.constantFrom(0, 1, 3, 100),
    }),
    { maxLength: 12 },
  ),
});

/** Tiny shards split all the time; without depth everything that collides is chained. */
export const SHAPES: readonly [string, ShardShape][] = [
  ["as it is", SHARD_SHAPE],
  ["with tiny shards", { slotBits: 2, maxDepth: 20 }],
  ["with shards that collide", { slotBits: 2, maxDepth: 1 }],
];

/** Random histories against a plain array, compared at every revision of the window. */
export function checkHistories(shape: ShardShape, numRuns: number): void {
  fc.assert(
    fc.property(history, ({ loaded, revisions }) => {
      const graph = new ResidentGraph(shape);
      const naive = new NaiveGraph();
      graph.load(batchOf(loaded));
      for (const t of loaded) naive.apply(3, { kind: "put", tuple: t });
      graph.seal(headAt(3));
      const compare = (): void => {
        for (let r = graph.floor; r <= graph.applied; r++) expectSame(graph, naive, r, UNIVERSE);
      };
      compare();
      revisions.forEach(({ changes, keep, steps }, i) => {
        const revision = 4 + i;
        for (const c of changes) {
          if (c.kind === "put") graph.put(revision, c.tuple);
          else graph.remove(revision, c.tuple);
          naive.apply(revision, c);
        }
        // Nothing of it can be seen before it is published.
        compare();
        graph.publish(headAt(revision));
        graph.compact(revision - keep, steps);
        compare();
        expect(graph.tuples).toBe(naive.at(revision).length);
      });
      while (!graph.compact(graph.applied, 1));
      compare();
      const last = naive.at(graph.applied);
      expect(graph.tuples).toBe(last.length);
      expect(graph.versions).toBe(last.filter((t) => "caveat" in t || "expiresAtMs" in t).length);
      const named = last.flatMap((t) => [`${t.objectType}:${t.objectId}`, `${t.subjectType}:${t.subjectId}`]);
      expect(graph.objects).toBe(new Set(named).size);
    }),
    { numRuns },
  );
}
