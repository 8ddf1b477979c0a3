import { describe, expect, inject, it } from "vitest";
import "../support/postgres-global.ts";
import { openDatabase } from "../../bench/database/open-database.ts";
import { memoryTrend } from "../../bench/soak/growth.ts";
import { runSoak } from "../../bench/soak/run-soak.ts";

const SHORT = {
  bigTuples: 20_000,
  smallTenants: 20,
  durationMs: 2_000,
  sampleMs: 100,
  printMs: 1_000,
  residencyOptions: { displaceIdleMs: 100 },
};

/** The short form of `npm run bench -- soak`. */
describe("a budget that is never enough", () => {
  it("costs no answer, and no memory beyond it", async () => {
    await using database = await openDatabase(inject("testCluster").admin.url);
    const lines: string[] = [];
    const { counts, samples, problems } = await runSoak({
      ...SHORT,
      database,
      doctored: false,
      print: (line) => lines.push(line),
    });
    expect(problems).toEqual([]);
    expect(counts.checks).toBeGreaterThan(20);
    const stats = samples.at(-1)?.sight.stats;
    // The small ones came and went, the big one was never let in.
    expect(stats?.evictions).toBeGreaterThan(0);
    expect(Math.max(...samples.map(({ sight }) => sight.stats.resident))).toBeGreaterThan(0);
    expect(lines.length).toBeGreaterThan(2);
  }, 120_000);

  it("is seen to give a wrong answer", async () => {
    await using database = await openDatabase(inject("testCluster").admin.url);
    const options = {
      ...SHORT,
      database,
      bigTuples: 1_000,
      smallTenants: 1,
      durationMs: 1_000,
      print: () => undefined,
    };
    const { counts, problems } = await runSoak({ ...options, doctored: true });
    expect(counts.wrong).toHaveLength(1);
    expect(problems).toContain(counts.wrong[0]);
  }, 120_000);
});

describe("memoryTrend", () => {
  const MIB = 1024 ** 2;
  const grown = (bytesAt: (second: number) => number) =>
    Array.from({ length: 600 }, (_, seconds) => ({ seconds, bytes: bytesAt(seconds) }));

  it("lets memory fill up and move up and down", () => {
    const filled = memoryTrend(grown((s) => 300 * MIB + Math.min(s, 200) * MIB + (s % 7) * 4 * MIB));
    expect(filled.bounded).toBe(true);
    expect(Math.abs(filled.riseBytes)).toBeLessThan(MIB);
  });

  it("finds what grows by a fifth in six minutes", () => {
    const leak = memoryTrend(grown((s) => 300 * MIB + s * 0.2 * MIB + (s % 7) * 4 * MIB));
    expect(leak.bounded).toBe(false);
    expect(leak.riseBytes / MIB).toBeCloseTo(72, 0);
  });

  it("does not judge by two looks", () => {
    expect(() => memoryTrend([{ seconds: 0, bytes: 1 }])).toThrow("too few samples");
  });
});
