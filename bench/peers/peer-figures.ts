import type { LoadResult } from "../load/load.ts";
import { median } from "../load/median.ts";
import type { LoadTarget } from "../load/target.ts";
import type { Against, Distribution, Plots } from "../report/plots.ts";
import type { Figure, ReportRow } from "../report/report.ts";
import type { PeerConsistency, PeerName } from "./peer.ts";
import type { Pair, PeerTiming } from "./time-peer.ts";

/** relata and one peer, over one workload. */
export interface Comparison {
  readonly peer: PeerName;
  readonly version: string | undefined;
  readonly workload: string;
  readonly tuples: number;
  readonly protocol: LoadTarget["protocol"];
  readonly consistency: PeerConsistency;
  /** Of the peer, by its own client. */
  readonly loadSeconds: number;
  readonly timing: PeerTiming;
  /** Of the peer's model. */
  readonly differences: readonly string[];
}

const TITLES: Readonly<Record<PeerName, string>> = { spicedb: "SpiceDB", openfga: "OpenFGA" };
const PROTOCOLS: Readonly<Record<LoadTarget["protocol"], string>> = { grpc: "gRPC", json: "JSON" };

interface Ratio {
  readonly key: string;
  readonly what: string;
  /** relata ÷ peer, or the other way around where less is better: above 1 is better than they. */
  readonly samples: readonly number[];
}

/** Calls that ended in an error did no work. */
function answeredPerSecond({ callsPerSecond, calls, failed }: LoadResult): number {
  return callsPerSecond * (1 - failed / Math.max(1, calls));
}

function ratiosIn({ timing: { closed, open } }: Comparison): readonly Ratio[] {
  const more = (pair: Pair<readonly LoadResult[]>, of: (result: LoadResult) => number) =>
    pair.relata.map((ours, round) => of(ours) / of(pair.peer[round] as LoadResult));
  const less = (pair: Pair<readonly LoadResult[]>, of: (result: LoadResult) => number) =>
    more(pair, (result) => 1 / of(result));
  return [
    { key: "throughput", what: "throughput", samples: more(closed, answeredPerSecond) },
    { key: "p50", what: "median latency, closed loop", samples: less(closed, ({ p50Ms }) => p50Ms) },
    { key: "p99", what: "p99 latency, closed loop", samples: less(closed, ({ p99Ms }) => p99Ms) },
    { key: "open_p50", what: "median latency at a rate both serve", samples: less(open, ({ p50Ms }) => p50Ms) },
    { key: "open_p99", what: "p99 latency at a rate both serve", samples: less(open, ({ p99Ms }) => p99Ms) },
  ];
}

/** Latencies of the closed loop say how long the queue was that the load itself made, which throughput says as well. */
function shownRatios(found: Comparison): readonly Ratio[] {
  return ratiosIn(found).filter(({ key }) => key !== "p50" && key !== "p99");
}

/** `peers/spicedb/documents`, and what is not the default behind it. */
function idOf({ peer, workload, consistency }: Comparison): string {
  return `peers/${peer}/${workload}${consistency === "minimize_latency" ? "" : `/${consistency}`}`;
}

function titleOf(found: Comparison): string {
  return `${TITLES[found.peer]}${found.version === undefined ? "" : ` ${found.version}`}`;
}

/** Who is asked for what, as it is said beside each figure. */
function laneOf({ protocol, workload, consistency, tuples }: Comparison): string {
  return `Check over ${PROTOCOLS[protocol]}, ${workload}, ${tuples.toLocaleString("en-US")} tuples, ${consistency}`;
}

export function figuresOf(found: Comparison): readonly Figure[] {
  const { closed, open } = found.timing;
  const [id, lane] = [idOf(found), laneOf(found)];
  const ratios = ratiosIn(found).map(
    ({ key, what, samples }): Figure => ({
      id: `${id}/${key}`,
      what: `${lane}: ${what}, relata against ${titleOf(found)}`,
      unit: "",
      kind: "ratio",
      better: "more",
      samples,
    }),
  );
  const times = (["relata", "peer"] as const).flatMap((side): readonly Figure[] => {
    const what = `${lane}: ${side === "relata" ? "relata" : titleOf(found)}`;
    const time = (key: string, unit: string, samples: readonly number[]): Figure => ({
      id: `${id}/${side}_${key}`,
      what: `${what}, ${key.replaceAll("_", " ")}`,
      unit,
      kind: "time",
      better: unit === "/s" ? "more" : "less",
      samples,
    });
    return [
      time("calls", "/s", closed[side].map(answeredPerSecond)),
      time(
        "p99",
        "ms",
        closed[side].map(({ p99Ms }) => p99Ms),
      ),
      time(
        "open_p99",
        "ms",
        open[side].map(({ p99Ms }) => p99Ms),
      ),
    ];
  });
  return [...ratios, ...times];
}

export function ratiosOf(found: Comparison): readonly (readonly [string, number])[] {
  return ratiosIn(found).map(({ key, samples }) => [`${idOf(found)}/${key}`, median(samples)] as const);
}

export function rowsOf(found: Comparison): readonly Omit<ReportRow, "layer">[] {
  const { closed, open, ratePerSecond } = found.timing;
  const lane = idOf(found).replace("peers/", "").replaceAll("/", ", ");
  const of = (results: readonly LoadResult[], pick: (result: LoadResult) => number) => median(results.map(pick));
  const sides = [
    ["relata", closed.relata, open.relata],
    [TITLES[found.peer], closed.peer, open.peer],
  ] as const;
  return [
    ...sides.flatMap(([side, fast, paced]) => [
      { what: `${lane}: ${side}, closed loop`, value: of(fast, answeredPerSecond), unit: "/s" },
      { what: `${lane}: ${side}, median`, value: of(fast, ({ p50Ms }) => p50Ms), unit: "ms" },
      { what: `${lane}: ${side}, p99`, value: of(fast, ({ p99Ms }) => p99Ms), unit: "ms" },
      { what: `${lane}: ${side}, p99 at ${ratePerSecond}/s`, value: of(paced, ({ p99Ms }) => p99Ms), unit: "ms" },
    ]),
    ...shownRatios(found).map(({ what, samples }) => ({
      what: `${lane}: relata against ${TITLES[found.peer]}, ${what}`,
      value: median(samples),
      unit: "x",
    })),
  ];
}

export function plotsOf(all: readonly Comparison[]): Partial<Plots> {
  return { against: all.flatMap(againstOf), distributions: all.flatMap(distributionsOf) };
}

function againstOf(found: Comparison): readonly Against[] {
  return shownRatios(found).map(({ what, samples }) => ({
    what: `${laneOf(found)}: ${what}`,
    against: titleOf(found),
    kind: "peer" as const,
    samples,
  }));
}

/** The last round of each side at the rate that both serve. */
function distributionsOf(found: Comparison): readonly Distribution[] {
  const { open, ratePerSecond } = found.timing;
  return (["relata", "peer"] as const).flatMap((side) => {
    const last = open[side].at(-1);
    if (last === undefined) return [];
    const who = side === "relata" ? "relata" : titleOf(found);
    return [{ lane: `${who}: ${laneOf(found)}`, ratePerSecond, calls: last.calls, quantiles: last.quantiles }];
  });
}
