import { describe, expect, it } from "vitest";
import { compareReports } from "../../../bench/compare/compare-reports.ts";
import { errorOfDifference, pooledDeviation } from "../../../bench/compare/spread.ts";
import { median } from "../../../bench/load/median.ts";
import type { Figure } from "../../../bench/report/report.ts";
import { seeded } from "../../support/random.ts";
import { normal, ratio, report } from "./synthetic.ts";

const verdicts = (a: readonly Figure[], b: readonly Figure[], times = false) =>
  compareReports(report(a), report(b), times).figures.map(({ verdict }) => verdict);
const one = (kind: Figure["kind"], unit: string, ...samples: readonly number[]): readonly Figure[] => [
  { ...ratio("x", samples), kind, unit, better: "less" },
];

describe("a ratio", () => {
  it("is worse when it is lower by more than rounds differ, and better the other way round", () => {
    const [a, b] = [[ratio("x", [0.5, 0.51, 0.49])], [ratio("x", [0.4, 0.41, 0.39])]];
    expect([...verdicts(a, b), ...verdicts(b, a)]).toEqual(["worse", "better"]);
  });

  it("is unchanged when it is lower by less than 13 %, however well rounds agree", () => {
    expect(verdicts([ratio("x", [0.5, 0.5, 0.5])], [ratio("x", [0.44, 0.44, 0.44])])).toEqual(["unchanged"]);
    expect(verdicts([ratio("x", [0.5, 0.5, 0.5])], [ratio("x", [0.43, 0.43, 0.43])])).toEqual(["worse"]);
  });

  it("is unchanged when rounds differ more than runs", () => {
    expect(verdicts([ratio("x", [0.5, 0.6, 0.35])], [ratio("x", [0.4, 0.5, 0.3])])).toEqual(["unchanged"]);
  });

  it("is not taken to be quieter than the others by three rounds that agree by chance", () => {
    const noisy = Array.from({ length: 5 }, (_, index) => ratio(`${index}`, [0.4, 0.5, 0.6]));
    const [a, b] = [ratio("x", [0.5, 0.5, 0.5]), ratio("x", [0.42, 0.42, 0.42])];
    expect(verdicts([a], [b])).toEqual(["worse"]);
    expect(verdicts([...noisy, a], [...noisy, b]).at(-1)).toBe("unchanged");
  });

  it("of one round is judged by the noise of the others, and not at all without", () => {
    const [a, b] = [ratio("x", [0.5]), ratio("x", [0.3])];
    expect(verdicts([a], [b])).toEqual(["shown"]);
    const others = [ratio("y", [0.5, 0.51, 0.5])];
    expect(verdicts([...others, a], [...others, b])).toEqual(["unchanged", "worse"]);
  });

  it("that has become nothing is worse", () => {
    expect(verdicts([ratio("x", [0.5, 0.5, 0.5])], [ratio("x", [0, 0, 0])])).toEqual(["worse"]);
  });
});

describe("what is counted", () => {
  it("is worse by more than 2 %", () => {
    expect(verdicts(one("count", "rows", 10), one("count", "rows", 10.2))).toEqual(["unchanged"]);
    expect(verdicts(one("count", "rows", 10), one("count", "rows", 10.3))).toEqual(["worse"]);
    expect(verdicts(one("count", "rows", 10), one("count", "rows", 9))).toEqual(["better"]);
  });

  it("is worse by more than 5 % where it is bytes", () => {
    expect(verdicts(one("count", "bytes", 1_000), one("count", "bytes", 1_049))).toEqual(["unchanged"]);
    expect(verdicts(one("count", "bytes", 1_000), one("count", "bytes", 1_051))).toEqual(["worse"]);
  });

  it("may double where it is next to nothing", () => {
    expect(verdicts(one("count", "rounds", 0.01), one("count", "rounds", 0.02))).toEqual(["unchanged"]);
    expect(verdicts(one("count", "rounds", 0), one("count", "rounds", 0.04))).toEqual(["unchanged"]);
    expect(verdicts(one("count", "rounds", 0), one("count", "rounds", 1))).toEqual(["worse"]);
  });
});

describe("a time", () => {
  const [a, b] = [one("time", "ms", 1, 1.01, 0.99), one("time", "ms", 2, 2.01, 1.99)];

  it("is shown, and judged where that is asked for", () => {
    expect(verdicts(a, b)).toEqual(["shown"]);
    expect(verdicts(a, b, true)).toEqual(["worse"]);
  });
});

describe("figures of two reports", () => {
  it("are joined by id, kind, unit and direction", () => {
    const twin: Figure = { ...ratio("twin", [1, 1, 1]), better: "less" };
    const { figures, onlyInA, onlyInB } = compareReports(
      report([ratio("x", [1, 1, 1]), ratio("gone", [1, 1, 1]), ratio("twin", [1, 1, 1])]),
      report([ratio("new", [1, 1, 1]), ratio("x", [1, 1, 1]), twin]),
      false,
    );
    expect(figures.map(({ id }) => id)).toEqual(["x"]);
    expect({ onlyInA, onlyInB }).toEqual({ onlyInA: ["gone", "twin"], onlyInB: ["new", "twin"] });
  });
});

describe("the error of the difference of two medians", () => {
  it.each([1, 3, 5, 7, 9])("is what %i rounds of a normal distribution have", (rounds) => {
    const random = seeded(rounds);
    const middle = () => median(Array.from({ length: rounds }, () => normal(random)));
    const differences = Array.from({ length: 20_000 }, () => middle() - middle());
    const error = Math.sqrt(differences.reduce((sum, one) => sum + one ** 2, 0) / differences.length);
    expect(errorOfDifference(1, rounds, rounds) / error).toBeCloseTo(1, 1);
  });

  it("comes from rounds about their own run", () => {
    expect(pooledDeviation([1, 3], [11, 13])).toBeCloseTo(Math.SQRT2);
    expect(pooledDeviation([1], [5])).toBeUndefined();
  });
});

describe("figures that measure the same of several workloads", () => {
  const workloads = ["a", "b", "c", "d", "e", "f", "g"];
  /** Processes of the same code differ, and no round shows it. */
  const OF_PROCESSES = [1, 1.06, 0.95, 1.03, 0.98, 0.92, 1.08];
  const figures = (speed: (index: number) => number) =>
    workloads.map((workload, index) => {
      const at = (OF_PROCESSES[index] ?? 1) * speed(index);
      return ratio(`engine/${workload}/check_vs_read`, [at, at * 1.01, at * 0.99]);
    });
  const compared = (speed: (index: number) => number) => {
    const steady = workloads.map((workload) => ratio(`engine/${workload}/check_vs_read`, [1, 1.01, 0.99]));
    return compareReports(report(steady), report(figures(speed)), false);
  };

  it("are unchanged as a whole when they differ by processes", () => {
    const { groups, figures: judged } = compared(() => 1);
    expect(groups).toMatchObject([{ name: "engine/…/check_vs_read", figures: 7, verdict: "unchanged" }]);
    expect(judged.map(({ verdict }) => verdict)).toEqual(workloads.map(() => "unchanged"));
  });

  it("are worse as a whole when all are, though none is by more than processes differ", () => {
    const { groups, figures: judged } = compared(() => 1 / 1.25);
    expect(groups).toMatchObject([{ verdict: "worse", change: expect.closeTo(-0.2, 1) }]);
    expect(judged.map(({ verdict }) => verdict)).toEqual(workloads.map(() => "unchanged"));
  });

  it("do not hide one that is worse by far", () => {
    const { groups, figures: judged } = compared((index) => (index === 2 ? 0.4 : 1));
    expect(groups).toMatchObject([{ verdict: "unchanged" }]);
    expect(judged.flatMap(({ id, verdict }) => (verdict === "worse" ? [id] : []))).toEqual(["engine/c/check_vs_read"]);
  });
});
