import type { Against, Curve, Distribution, LoadPoint, MemoryPoint, Sweep } from "../../bench/report/plots.ts";
import { NO_PLOTS } from "../../bench/report/plots.ts";
import type { Figure, Report } from "../../bench/report/report.ts";

const WORKLOADS = ["documents", "code", "saas", "wide", "exclusion", "caveats", "hot", "fanout", "writes"];

/** A report with every plot, made up: what a run of everything looks like, with as many names and as long ones. */
export function syntheticReport(): Report {
  const figures = syntheticFigures();
  return {
    ...emptyReport(),
    commit: {
      hash: "d95d4d2f00d95d4d2f00d95d4d2f00d95d4d2f00",
      subject: "Take 40 % off a walk through groups",
      dirty: true,
    },
    settings: {
      layers: ["engine", "storage", "rpc"],
      sizes: [100_000, 1_000_000],
      rounds: 7,
      roundMs: 2_000,
      seed: "17",
    },
    answers: {
      compared: 12_345_678,
      wrong: [],
      byWorkload: Object.fromEntries(WORKLOADS.map((name, index) => [name, 1e6 + index])),
    },
    ratios: Object.fromEntries(
      figures.filter(({ kind }) => kind === "ratio").map(({ id, samples }) => [id, samples[0] ?? 0]),
    ),
    headlines: { engine_checks_per_second: 612_345, bytes_per_tuple: 41.2 },
    figures,
    plots: {
      distributions: syntheticDistributions(),
      sweeps: [...syntheticSweeps("concurrency"), ...syntheticSweeps("rate")],
      curves: [...syntheticCurves(), ...syntheticGrowth()],
      memory: syntheticMemory(),
      against: syntheticAgainst(),
    },
    rows: [
      { layer: "rpc", what: "check_vs_echo", value: 0.82, unit: "", bound: { least: 0.75 } },
      { layer: "rpc", what: "resident_vs_sql", value: 4.1, unit: "", bound: { least: 5 } },
      { layer: "engine", what: "memory", value: 41.2, unit: "bytes/tuple", bound: { most: 100 } },
      { layer: "engine", what: "Checks, 1m tuples", value: 612_345, unit: "/s" },
      {
        layer: "storage",
        what: "fill from Postgres, of the largest tenant",
        value: 412_345,
        unit: "tuples/s",
        bound: { least: 300_000 },
      },
    ],
  };
}

/** What every report has at least. */
export function emptyReport(): Report {
  return {
    format: 2,
    startedAt: "2026-11-21T18:19:05.123Z",
    tookSeconds: 71.9,
    mode: "quick",
    machine: {
      cpu: "AMD EPYC 7763 64-Core Processor",
      cores: 2,
      memoryBytes: 8 * 1024 ** 3,
      loadBefore: 0.4,
      loadAfter: 2.1,
      node: "v24.21.0",
      os: "linux 6.8.0",
      postgres: "18.4",
    },
    settings: {},
    answers: { compared: 0, wrong: [] },
    ratios: {},
    headlines: {},
    figures: [],
    plots: NO_PLOTS,
    rows: [],
    layers: {},
  };
}

/** Always the same, between 0 and 1, scattered. */
function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

function rounds(median: number, spread: number, seed: number, count = 7): readonly number[] {
  return Array.from({ length: count }, (_, round) => median * (1 + (noise(seed * 31 + round) - 0.5) * spread));
}

function syntheticFigures(): readonly Figure[] {
  return WORKLOADS.flatMap((workload, index): readonly Figure[] => [
    {
      id: `engine/${workload}/1m/check_us`,
      what: "Check in memory",
      unit: "µs",
      kind: "time",
      better: "less",
      samples: rounds(1.6 + index, 0.2, index),
    },
    {
      id: `engine/${workload}/1m/check_vs_read`,
      what: "Check against reading its tuples",
      unit: "",
      kind: "ratio",
      better: "more",
      samples: rounds(0.4, 0.1 + index * 0.07, index + 10),
    },
    {
      id: `engine/${workload}/1m/nodes`,
      what: "nodes visited by a Check",
      unit: "nodes",
      kind: "count",
      better: "less",
      samples: [12.5 + index],
    },
    {
      id: `rpc/${workload}/grpc/check_vs_echo`,
      what: "Check over gRPC against an empty call",
      unit: "",
      kind: "ratio",
      better: "more",
      samples: rounds(0.8, 0.06 + index * 0.03, index + 20),
    },
  ]);
}

function syntheticDistributions(): readonly Distribution[] {
  const lanes: readonly (readonly [lane: string, base: number, tail: number, rate?: number])[] = [
    ["empty call over gRPC, 5,000/s", 0.14, 0.5, 5_000],
    ["Check over gRPC, 5,000/s", 0.21, 0.55, 5_000],
    ["Check over Connect/JSON, 5,000/s", 0.44, 0.6, 5_000],
    ["Check over gRPC, closed loop of 32", 1.7, 0.35],
    ["LookupResources over gRPC, 200/s", 4.2, 0.45, 200],
  ];
  const [check, ...others] = WORKLOADS.map((workload): readonly [string, number, number, number, string] => [
    `Check over gRPC, ${workload}, 2,000/s`,
    0.2 + noise(workload.length) * 0.4,
    0.4 + noise(workload.length + 1) * 0.4,
    2_000,
    workload,
  ]);
  return [...lanes, ...(check === undefined ? [] : [check]), ...others].map(
    ([lane, base, tail, rate, workload], index) => {
      const calls = rate === undefined ? 400_000 : rate * 20;
      const nines = Math.log10(calls);
      const quantiles = Array.from({ length: 29 }, (_, step) => {
        const at = (step / 28) * nines;
        const bump = at > 2.6 ? (at - 2.6) * 0.45 : 0;
        return {
          share: step === 28 ? 1 : 1 - 10 ** -at,
          ms: base * 10 ** (at * tail * 0.45 + bump * noise(index)) * (step === 0 ? 0.6 : 1),
        };
      });
      return {
        lane,
        calls,
        quantiles,
        ...(rate !== undefined && { ratePerSecond: rate }),
        ...(workload !== undefined && { workload }),
      };
    },
  );
}

function syntheticSweeps(by: Sweep["by"]): readonly Sweep[] {
  const lanes = [
    ["empty call over gRPC", 26_000],
    ["Check over gRPC", 21_000],
    ["Check over Connect/JSON", 8_200],
  ] as const;
  return lanes.map(([lane, most], index) => {
    const xs =
      by === "concurrency"
        ? [1, 2, 4, 8, 16, 32, 64, 128]
        : [0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1, 1.1].map((share) => share * most);
    return {
      lane,
      by,
      points: xs.map((x): LoadPoint => {
        const used = by === "concurrency" ? 1 - Math.exp(-x / 9) : Math.min(x / most, 1);
        const callsPerSecond = most * used;
        const wait = by === "concurrency" ? (x / callsPerSecond) * 1000 : 0.2 / Math.max(1.04 - used, 0.01);
        const busy = index === 0 && used > 0.98;
        return {
          x,
          callsPerSecond,
          p50Ms: wait,
          p99Ms: wait * (1.8 + used * 3),
          p999Ms: wait * (3 + used * 9),
          server: {
            cpuMicrosPerCall: (1.3e6 / most) * (1.5 - used * 0.5),
            cores: used * 1.4,
            rssBytes: (180 + index * 30 + used * 45) * 1024 ** 2,
          },
          generator: {
            share: busy ? 0.99 : 0.6 * used,
            lateP99Ms: busy ? 14 : 0.05,
            ...(busy && { bottleneck: "the generator used 99 % of its core and sent 1 % of the calls 14 ms late" }),
          },
        };
      }),
    };
  });
}

function syntheticCurves(): readonly Curve[] {
  const xs = {
    tuples: [1e5, 1e6, 1e7],
    depth: [1, 2, 4, 8, 16, 32, 64],
    width: [1, 10, 100, 1_000, 10_000],
    results: [10, 100, 1_000],
  } as const;
  const grows = { tuples: 0.12, depth: 0.9, width: 0.35, results: 1 } as const;
  return (["tuples", "depth", "width"] as const).flatMap((by) =>
    (by === "tuples" ? WORKLOADS : WORKLOADS.slice(0, 3)).map(
      (workload, index): Curve => ({
        workload,
        what: "Check in memory",
        by,
        points: xs[by].map((x) => {
          const medianUs = (0.8 + index * 0.7) * (x / xs[by][0]) ** (grows[by] + index * 0.02);
          return {
            x,
            medianUs,
            p99Us: medianUs * (4 + index),
            ...(by !== "tuples" && {
              nodes: 3 + index + x ** grows[by],
              rows: 2 + x ** grows[by],
              allocatedBytes: 200 + x ** grows[by] * 16,
            }),
          };
        }),
      }),
    ),
  );
}

/** Things of one workload that was made to be measured so. */
function syntheticGrowth(): readonly Curve[] {
  const things = [
    "LookupResources, objects shared one by one",
    "LookupResources, objects in ten folders",
    "LookupSubjects, members of a group",
  ];
  return things.map((what, index) => ({
    workload: "growth",
    what,
    by: "results",
    points: [100, 1_000, 10_000].map((x) => ({
      x,
      medianUs: x * (0.4 + index * 0.3) + 20,
      ...(x < 10_000 && { p99Us: x * (0.9 + index) + 60 }),
      rows: x * (1 + index),
    })),
  }));
}

function syntheticMemory(): readonly MemoryPoint[] {
  return WORKLOADS.flatMap((workload, index) =>
    [1e5, 1e6, 1e7].map((tuples) => ({
      workload,
      tuples,
      graphBytes: tuples * (34 + index * 3 + 2e5 / tuples),
      rssBytes: tuples * (40 + index * 3) + 45e6,
    })),
  );
}

function syntheticAgainst(): readonly Against[] {
  return [
    ...WORKLOADS.map(
      (workload, index): Against => ({
        what: `Check over gRPC, ${workload}`,
        against: "empty call, gRPC",
        kind: "limit",
        samples: rounds(0.85 - index * 0.03, 0.1, index),
      }),
    ),
    ...WORKLOADS.slice(0, 5).map(
      (workload, index): Against => ({
        what: `Check in memory, ${workload}`,
        against: "reading its tuples",
        kind: "limit",
        samples: rounds(0.45 + index * 0.04, 0.2, index + 3),
      }),
    ),
    { what: "fill from Postgres", against: "COPY to nowhere", kind: "limit", samples: [0.62] },
    ...["SpiceDB 1.56.0", "OpenFGA 1.22.1"].flatMap((against, peer) =>
      WORKLOADS.slice(0, 6).map(
        (workload, index): Against => ({
          what: `Check over gRPC, ${workload}`,
          against,
          kind: "peer",
          samples: rounds([2.4, 5.1, 1.1, 0.7, 3.3, 14][index] ?? 1, 0.25, index + peer * 50),
        }),
      ),
    ),
  ];
}
