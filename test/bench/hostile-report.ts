import type { Report } from "../../bench/report/report.ts";
import { emptyReport, syntheticReport } from "./synthetic-report.ts";

/** What must never be more than text. */
export const HOSTILE = `</script><script>alert("1")</script><img src="https://evil.example/x" onerror='alert(2)'>&amp;|\`*_\u0000 ]]> --> </style></svg>`;

/** One long word and many signs, wherever a report has text, with one sample, none, or no number at all for figures. */
export function hostileReport(): Report {
  const name = `${HOSTILE}${"w".repeat(300)}`;
  const [curve, sweep] = [syntheticReport().plots.curves[0], syntheticReport().plots.sweeps[0]];
  return {
    ...emptyReport(),
    machine: { ...emptyReport().machine, cpu: name, os: name },
    commit: { hash: HOSTILE, subject: name, dirty: false },
    settings: { [name]: [name, { [name]: name }] },
    answers: { compared: 1, wrong: [name], byWorkload: { [name]: 1 } },
    figures: [[1, Number.NaN, 2], [], [Number.NaN], [7], [3, 3, 3]].map((samples, index) => ({
      id: `${name}/${name}/${index}`,
      what: name,
      unit: HOSTILE,
      kind: "ratio",
      better: "less",
      samples,
    })),
    plots: {
      distributions: [
        {
          lane: name,
          workload: name,
          calls: 1,
          quantiles: [
            { share: 0, ms: 0 },
            { share: 1, ms: 0.3 },
          ],
        },
        { lane: name, calls: 0, quantiles: [] },
      ],
      sweeps:
        sweep === undefined
          ? []
          : [
              {
                ...sweep,
                lane: name,
                points: sweep.points.slice(-1).map((point) => ({
                  ...point,
                  p50Ms: Number.NaN,
                  p99Ms: 0,
                  generator: { share: 1, lateP99Ms: 9, bottleneck: name },
                })),
              },
            ],
      curves:
        curve === undefined
          ? []
          : [
              {
                ...curve,
                workload: name,
                what: name,
                points: [{ x: 1, medianUs: 2, p99Us: Number.POSITIVE_INFINITY }],
              },
            ],
      memory: [
        { workload: name, tuples: 10, graphBytes: 400, rssBytes: 0 },
        { workload: "none", tuples: 0, graphBytes: 0, rssBytes: 0 },
      ],
      against: [
        { what: name, against: name, kind: "limit", samples: [1] },
        { what: name, against: name, kind: "peer", samples: [0, Number.NaN, 2] },
        { what: name, against: name, kind: "peer", samples: [] },
      ],
    },
    rows: [
      { layer: name, what: name, value: Number.NaN, unit: HOSTILE, bound: { least: 1 } },
      { layer: "engine", what: name, value: 1e12, unit: "" },
    ],
    layers: { [name]: HOSTILE },
  };
}
