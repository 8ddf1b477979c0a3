import { describe, expect, it } from "vitest";
import { type Comparison, compareReports } from "../../../bench/compare/compare-reports.ts";
import { seeded } from "../../support/random.ts";
import { type Noise, report, shapeOf, syntheticReport } from "./synthetic.ts";

const FIGURES = 300;
const PAIRS = 60;
/** What a Check that takes 30 % longer leaves of a ratio. */
const SLOWED = 1 / 1.3;

/** As in pairs of real runs; the middle figure's rounds differ by 3 %, and its runs by 2 % more than their rounds tell. */
const NOISE: Noise = { round: 0.03, run: 0.02 };

describe.each([3, 5, 7, 9])("two runs of %i rounds with 300 figures", (rounds) => {
  const random = seeded(rounds);
  const shape = shapeOf(random, FIGURES);
  const run = () => syntheticReport(random, shape, rounds, NOISE);

  it("of the same commit raise a false alarm in fewer than one pair of five", () => {
    let alarms = 0;
    for (let pair = 0; pair < PAIRS; pair += 1) alarms += worse(compareReports(run(), run(), false)) > 0 ? 1 : 0;
    expect(alarms / PAIRS).toBeLessThan(0.2);
  });

  it("of which one is slower by 30 % raise an alarm in more than half of the figures, every time", () => {
    for (let pair = 0; pair < PAIRS; pair += 1)
      expect(worse(compareReports(run(), slowed(run()), false))).toBeGreaterThan(FIGURES / 2);
  });
});

function worse({ figures }: Comparison): number {
  return figures.filter(({ verdict }) => verdict === "worse").length;
}

function slowed({ figures }: ReturnType<typeof report>): ReturnType<typeof report> {
  return report(figures.map((figure) => ({ ...figure, samples: figure.samples.map((sample) => sample * SLOWED) })));
}
