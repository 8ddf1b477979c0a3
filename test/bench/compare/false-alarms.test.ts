import { describe, expect, it } from "vitest";
import { compareReports, isRegression } from "../../../bench/compare/compare-reports.ts";
import { seeded } from "../../support/random.ts";
import { type Noise, shapeOf, syntheticReport } from "./synthetic.ts";

/** Twenty measures of each of nine workloads. */
const FIGURES = 180;
const PAIRS = 40;
/** What a Check that takes 30 % longer leaves of a ratio. */
const SLOWED = 1 / 1.3;

/** The middle figure's rounds differ by 3 %; its processes differ by 4 %, which is what real ones do: 2 to 8 %. */
const NOISE: Noise = { round: 0.03, run: 0.04 };

describe.each([3, 5, 7, 9])("two runs of %i rounds", (rounds) => {
  const random = seeded(rounds);
  const shape = shapeOf(random, FIGURES);
  const run = (speed?: (measure: number, workload: number) => number) =>
    syntheticReport(random, shape, rounds, NOISE, speed);
  const worse = (figures: readonly { readonly verdict: string }[]) =>
    figures.flatMap(({ verdict }, index) => (verdict === "worse" ? [index] : []));

  it("of the same code raise an alarm in at most one pair of twenty", () => {
    let alarms = 0;
    for (let pair = 0; pair < PAIRS; pair += 1) alarms += isRegression(compareReports(run(), run(), false)) ? 1 : 0;
    expect(alarms / PAIRS).toBeLessThanOrEqual(0.05);
  });

  it("tell of two measures that are slower by 30 %, and of no other", () => {
    let caught = 0;
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const { groups } = compareReports(
        run(),
        run((measure) => (measure < 2 ? SLOWED : 1)),
        false,
      );
      caught += worse(groups).filter((index) => index < 2).length;
      expect(worse(groups).filter((index) => index >= 2)).toEqual([]);
    }
    expect(caught / PAIRS / 2).toBeGreaterThan(0.95);
  });

  it("tell of one workload's measure that has become a third", () => {
    let caught = 0;
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const slow = run((measure, workload) => (measure === 3 && workload === 4 ? 1 / 3 : 1));
      const { figures } = compareReports(run(), slow, false);
      caught += figures.some(({ id, verdict }) => id === "engine/workload4/measure3" && verdict === "worse") ? 1 : 0;
    }
    // Among three rounds, one that met another program hides even that.
    expect(caught / PAIRS).toBeGreaterThan(rounds === 3 ? 0.7 : 0.9);
  });
});
