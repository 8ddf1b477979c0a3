import { describe, expect, it } from "vitest";
import { scatter } from "../../bench/workloads/arithmetic.ts";
import { hot } from "../../bench/workloads/hot.ts";
import { zipf } from "../../bench/workloads/zipf.ts";

describe("Zipf's law", () => {
  it("draws rank r in proportion to 1 / (r + 1), over 3,000,000 ranks", () => {
    const rank = zipf(3_000_000);
    const draws = 50_000;
    const drawn = Array.from({ length: draws }, (_, index) => rank((salt, below) => scatter(index, salt, below), 7));
    const harmonic = (n: number) => Math.log(n) + 0.5772;
    // The first alone, and the shares of ranks up to 10, 1,000, 100,000; the table's places widen from 2,048 on.
    for (const upTo of [1, 10, 1_000, 100_000]) {
      const expected = (upTo === 1 ? 1 : harmonic(upTo)) / harmonic(3_000_000);
      expect(drawn.filter((one) => one < upTo).length / draws / expected).toBeCloseTo(1, 1);
    }
    expect(Math.max(...drawn)).toBeLessThan(3_000_000);
    expect(Math.max(...drawn)).toBeGreaterThan(2_900_000);
  });
});

describe("the workload of hot documents", () => {
  const work = hot(100_000);
  const asked = work.questions(10_000);
  const counts = (names: readonly string[]) =>
    [...Map.groupBy(names, (name) => name).values()].map(({ length }) => length).sort((a, b) => b - a);
  const share = (sorted: readonly number[], first: number) =>
    sorted.slice(0, first).reduce((sum, one) => sum + one, 0) / asked.length;

  it("asks about few documents and few users mostly", () => {
    const documents = counts(asked.map(({ question }) => question.object.id));
    // Without those of the names, each of whom belongs to a document: 26,000 users who are in groups.
    const users = counts(asked.map(({ question }) => question.subject.id).filter((id) => id.startsWith("u")));
    const ofUsers = users.reduce((sum, one) => sum + one, 0) / asked.length;
    // One per cent of 16,666 documents, and of the users.
    expect(share(documents, 1)).toBeGreaterThan(0.08);
    expect(share(documents, 166)).toBeGreaterThan(0.5);
    expect(share(users, 260) / ofUsers).toBeGreaterThan(0.5);
  });

  it("has much to say about those", () => {
    const first = counts(
      [...work.generate()].filter((one) => one.objectType === "document").map((one) => one.objectId),
    );
    expect(first[0]).toBeGreaterThan(1_000);
    expect(first.at(-1)).toBe(3);
  });
});
