import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planOf } from "../../bench/compiled.ts";
import { allocatedByEach, allocatedBytes } from "../../bench/engine/allocations.ts";
import { fillGraph } from "../../bench/engine/fill-graph.ts";
import { memoryNeeded, requireMemory } from "../../bench/engine/require-memory.ts";
import { tenantsCheck, tenantsWork } from "../../bench/engine/resident-check.ts";
import { runCurves } from "../../bench/engine/run-curves.ts";
import { slowed } from "../../bench/engine/slowed.ts";
import { wrongAnswers } from "../../bench/engine/time-checks.ts";
import { timeRound } from "../../bench/engine/time-round.ts";
import { compute } from "../../bench/limits/compute-kernel.ts";
import { openMemoryKernels } from "../../bench/limits/memory-kernels.ts";
import type { KnownQuestion } from "../../bench/workloads/workload.ts";
import { WORKLOADS } from "../../bench/workloads/workloads.ts";

const ASKED: KnownQuestion = {
  question: {
    object: { type: "document", id: "d" },
    member: "view",
    subject: { type: "user", id: "anne", relation: "" },
  },
  allowed: true,
  kind: "any",
};

describe("the engine layer", () => {
  it.each(["caveats", "saas"] as const)("answers %s from memory, caveats, ends and tenants included", (name) => {
    const work = WORKLOADS[name](5_000);
    const graphs = Array.from({ length: work.tenants }, (_, tenant) => fillGraph(work.generate(tenant)).graph);
    expect(graphs.reduce((sum, { tuples }) => sum + tuples, 0)).toBe(work.tuples);
    const questions = work.questions(300);
    expect(wrongAnswers(tenantsCheck(planOf(work.schema), graphs, 1), questions)).toEqual([]);
    const work1 = tenantsWork(planOf(work.schema), graphs, 1)(questions[0] as KnownQuestion);
    expect(work1.nodes).toBeGreaterThan(0);
  });

  it("counts what a Check allocates", () => {
    const kept: Uint8Array[] = [];
    let sink: unknown;
    const ofNumbers = (count: number) => () => {
      sink = Array.from({ length: count }, (_, at) => at);
      return kept.length === 0 && sink !== undefined;
    };
    const questions = Array.from({ length: 200 }, () => ASKED);
    for (const count of [100, 200])
      for (let warm = 0; warm < 20; warm += 1) allocatedBytes(ofNumbers(count), questions);
    const [few, many] = [allocatedBytes(ofNumbers(100), questions), allocatedBytes(ofNumbers(200), questions)];
    // A hundred small integers more are 400 or 800 bytes, by how V8 keeps pointers.
    expect(many - few).toBeGreaterThanOrEqual(400);
    expect(many - few).toBeLessThan(4_000);
  });

  it("counts what an answer in turns allocates", async () => {
    const results: number[][] = [];
    const bytes = await allocatedByEach(async () => {
      results.push(new Array(100_000).fill(0));
    });
    expect(bytes).toBeGreaterThan(390_000);
    expect(bytes).toBeLessThan(1_700_000);
    // More than the young generation holds, so that each go meets a collection.
    const tooMuch = async () => {
      for (let made = 0; made < 1_000; made += 1) results[0] = new Array(20_000).fill(made);
    };
    expect(await allocatedByEach(tooMuch)).toBeUndefined();
  });

  it("asks the questions around and around, from stretch to stretch and from round to round", () => {
    const questions = Array.from({ length: 3_001 }, (_, at): KnownQuestion => ({ ...ASKED, kind: `${at}` }));
    const asked: number[] = [];
    const check = ({ kind }: KnownQuestion) => asked.push(Number(kind)) > 0;
    const input = { check, questions, kernels: openMemoryKernels(1_024), threadCpuMs: () => performance.now() };
    const first = timeRound({ ...input, durationMs: 0, calls: 100, firstQuestion: 0 });
    const second = timeRound({ ...input, durationMs: 0, calls: 100, firstQuestion: first.nextQuestion });
    expect(asked).toHaveLength(2 * (8 * 256 + 100));
    expect(asked.filter((at, index) => at !== index % 3_001)).toEqual([]);
    expect(second.nextQuestion).toBe(asked.length % 3_001);
  });

  it("slows a Check without changing what it is asked or says", () => {
    const calls: KnownQuestion[] = [];
    const check = (asked: KnownQuestion) => calls.push(asked) % 3 === 0;
    const slow = slowed(check, 0.3);
    const answers = Array.from({ length: 600 }, () => slow(ASKED));
    expect(answers).toEqual(Array.from({ length: 600 }, (_, index) => (index + 1) % 3 === 0));
    expect(calls).toHaveLength(600);
    expect(slowed(check, 0)).toBe(check);
  });

  it("draws curves of right answers with counted work", async () => {
    const amounts = { depth: [1, 8], width: [1, 8], results: [10], pointMs: 1, scanRows: 1_000 };
    const { curves, figures, compared } = await runCurves(amounts, { rounds: 1, print: () => undefined });
    const deep = curves.find(({ what }) => what === "Check, folders in each other");
    expect(deep?.points.map(({ x, nodes, rows }) => [x, nodes, rows])).toEqual([
      [1, 3, 2],
      [8, 10, 9],
    ]);
    expect(
      curves.filter(({ by }) => by === "results").every(({ points }) => (points[0]?.allocatedBytes ?? 0) > 0),
    ).toBe(true);
    expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
    expect(compared).toBeGreaterThan(100);
  }, 60_000);
});

describe("limits", () => {
  it("reads an array of the graph's size, from its first line to its last", () => {
    const kernels = openMemoryKernels(1_000_030);
    expect(kernels.bytes).toBe(1_000_000);
    // Nothing in the array is what is looked for: -1 for each piece.
    expect(kernels.scan(2 * kernels.bytes)).toBe(-2);
    const places = new Set(Array.from({ length: 1_000 }, () => kernels.readRandomly(1)));
    expect(places.size).toBe(1_000);
    expect(compute(1)).not.toBe(compute(2));
  });

  it("asks for memory that graphs need, and for no more tuples than a graph can have", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1_000, max: 50_000_000 }), { minLength: 1, maxLength: 4 }), (sizes) => {
        const needed = memoryNeeded(sizes);
        expect(() => requireMemory(sizes, needed)).not.toThrow();
        expect(() => requireMemory(sizes, needed - 1)).toThrow(/need some [\d.]+ GB of memory together/);
      }),
    );
    expect(() => requireMemory([1_000, 200_000_000], 1e15)).toThrow(
      /at most [\d,]+ tuples, and --tuples asks for 200,000,000/,
    );
  });
});
