import { formatFigure } from "../format.ts";
import type { LoadPoint, Sweep } from "../plots.ts";
import { type Axis, linearAxis, logAxis } from "./axis.ts";
import { halvesFigure, xyFigure } from "./figure.ts";
import type { Markup } from "./markup.ts";
import { compact, mebibytes, positive } from "./numbers.ts";
import { type PlotPoint, panelsOf, type Series } from "./series.ts";

/** Throughput, latency, and what the server used, as the load grows. */
export function sweepPlots(sweeps: readonly Sweep[]): readonly Markup[] {
  return (["concurrency", "rate"] as const).flatMap((by) => {
    const drawable = sweeps.filter((sweep) => sweep.by === by && sweep.points.some(({ x }) => positive(x)));
    return panelsOf(drawable, ({ workload, lane }) => workload ?? lane).flatMap((panel) => [
      by === "concurrency" ? throughputPlot(panel) : servedPlot(panel),
      latencyPlot(panel),
      usePlots(panel),
    ]);
  });
}

function throughputPlot(panel: readonly Sweep[]): Markup {
  const series = lines(
    panel,
    ({ callsPerSecond }) => callsPerSecond,
    (value) => `${compact(value)} calls/s`,
  );
  return xyFigure(
    {
      head: `Throughput against concurrency${named(panel)}`,
      caption: [
        ...panel.slice(0, 4).map(kneeOf),
        "A line climbs while the server has something to spare; where it turns flat, more calls in flight only wait. What it reaches there is the throughput of the closed loop.",
      ],
    },
    {
      title: `Calls per second against calls in flight: ${lanes(panel)}`,
      x: xAxis(panel),
      y: linearAxis("calls per second", ys(series), compact),
      series,
    },
  );
}

function servedPlot(panel: readonly Sweep[]): Markup {
  const series = lines(
    panel,
    ({ callsPerSecond }) => callsPerSecond,
    (value) => `${compact(value)} calls/s served`,
  );
  const most = Math.max(...panel.flatMap(({ points }) => points.map(({ x }) => x)).filter(positive));
  return xyFigure(
    {
      head: `Served against offered${named(panel)}`,
      caption: [
        "Calls are sent when they are due, whether or not others have been answered. On the dotted line everything that was due was served; a line that leaves it has reached what the server can do.",
      ],
    },
    {
      title: `Calls served a second against calls due a second: ${lanes(panel)}`,
      x: xAxis(panel),
      y: linearAxis("calls per second", [...ys(series), most], compact),
      series,
      guide: [
        [0, 0],
        [most, most],
      ],
      key: [{ line: "guide", label: "served as offered" }],
    },
  );
}

function latencyPlot(panel: readonly Sweep[]): Markup {
  const say = (value: number) => `${formatFigure(value)} ms`;
  const series = [
    ...lines(
      panel,
      ({ p50Ms }) => p50Ms,
      (value) => `median ${say(value)}`,
    ),
    ...lines(
      panel,
      ({ p99Ms }) => p99Ms,
      (value) => `p99 ${say(value)}`,
    ).map((one) => ({ ...one, tail: true })),
  ];
  const byRate = panel[0]?.by === "rate";
  return xyFigure(
    {
      head: `Latency against ${byRate ? "rate" : "concurrency"}${named(panel)}`,
      caption: byRate
        ? [
            "Measured from when a call was due, so that a server which stops for a while is seen in every call that would have come meanwhile, not in one (no coordinated omission).",
            "Where the dashed line leaves the solid one, queues form: run a service to the left of it.",
          ]
        : [
            "In a closed loop the next call waits for the last, so latency grows with the calls in flight once throughput does not: twice the concurrency, twice the wait. Latency at a rate is what users meet.",
          ],
      rings: "above",
    },
    {
      title: `Latency in milliseconds, median and p99: ${lanes(panel)}`,
      x: xAxis(panel),
      y: logAxis("latency, ms", ys(series), compact),
      series,
      key: [
        { line: "solid", label: "median" },
        { line: "tail", label: "p99" },
      ],
    },
  );
}

function usePlots(panel: readonly Sweep[]): Markup {
  const cpu = lines(
    panel,
    ({ server }) => server.cpuMicrosPerCall,
    (value) => `${formatFigure(value)} µs of CPU a call`,
  );
  const memory = lines(
    panel,
    ({ server }) => server.rssBytes / 1024 ** 2,
    (value) => mebibytes(value * 1024 ** 2),
  );
  const x = xAxis(panel);
  return halvesFigure(
    {
      caption: [
        `CPU: time of all threads of the server, garbage collection included; at most ${formatFigure(mostCores(panel))} cores were busy. It falls where calls that come together share work; what it falls to is what a call costs.`,
        "Memory: what the whole process keeps resident. It should not follow the load: what grows with it is garbage and queues.",
      ],
      rings: "above",
    },
    [
      {
        head: "Server CPU per call",
        plot: {
          title: `CPU time of the server in microseconds per call: ${lanes(panel)}`,
          x,
          y: linearAxis("µs of CPU per call", ys(cpu), compact),
          series: cpu,
        },
      },
      {
        head: "Server memory",
        plot: {
          title: `Resident memory of the server in MiB: ${lanes(panel)}`,
          x,
          y: linearAxis("resident, MiB", ys(memory), compact),
          series: memory,
        },
      },
    ],
  );
}

function lines(
  panel: readonly Sweep[],
  of: (point: LoadPoint) => number,
  say: (value: number) => string,
): readonly Series[] {
  return panel.map(({ lane, by, points }, slot) => ({
    name: lane,
    slot,
    points: points.flatMap((point): readonly PlotPoint[] => {
      const y = of(point);
      if (!(positive(point.x) && positive(y))) return [];
      const where = by === "rate" ? `${compact(point.x)} calls/s due` : `${point.x} in flight`;
      const { bottleneck } = point.generator;
      const warning = bottleneck === undefined ? {} : { warning: `${lane}, ${where}: ${bottleneck}` };
      return [{ x: point.x, y, note: `${lane}, ${where}: ${say(y)}`, ...warning }];
    }),
  }));
}

function xAxis(panel: readonly Sweep[]): Axis {
  const values = panel.flatMap(({ points }) => points.map(({ x }) => x)).filter(positive);
  return panel[0]?.by === "rate"
    ? linearAxis("calls due per second", values, compact)
    : logAxis("calls in flight", values, compact, values);
}

function ys(series: readonly Series[]): readonly number[] {
  const values = series.flatMap(({ points }) => points.map(({ y }) => y));
  return values.length === 0 ? [1] : values;
}

function kneeOf({ lane, points }: Sweep): string {
  const best = points.reduce<LoadPoint | undefined>(
    (most, point) => (most === undefined || point.callsPerSecond > most.callsPerSecond ? point : most),
    undefined,
  );
  if (best === undefined) return `${lane}: not measured.`;
  return `${lane}: at most ${compact(best.callsPerSecond)} calls a second, with ${best.x} in flight, ${formatFigure(best.server.cpuMicrosPerCall)} µs of server CPU each.`;
}

function mostCores(panel: readonly Sweep[]): number {
  return Math.max(...panel.flatMap(({ points }) => points.map(({ server }) => server.cores)));
}

function named(panel: readonly Sweep[]): string {
  const names = [...new Set(panel.map(({ workload }) => workload))].filter((name) => name !== undefined);
  return names.length === 0 || names.length > 3 ? "" : `: ${names.join(", ")}`;
}

function lanes(panel: readonly Sweep[]): string {
  return panel.map(({ lane }) => lane).join("; ");
}
