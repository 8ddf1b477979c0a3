import { sizeName } from "../engine/size-name.ts";
import type { Plots } from "../report/plots.ts";
import type { Figure, LayerReport } from "../report/report.ts";
import type { AgainstBare } from "./against-bare.ts";
import type { StorageStatements } from "./statements.ts";

export interface FillFigures {
  readonly tuples: number;
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly bareReadPerSecond: number;
  /** By fills. */
  readonly fillVsBareRead: readonly number[];
  readonly bytesPerTuple: { readonly graph: number; readonly rss: number };
  readonly longestSliceMs: number;
  readonly wrong: readonly string[];
}

type TimedStatements = StorageStatements & AgainstBare;

const LEAST_FILL = 200_000;
const MOST_BYTES = 100;
/** Below, what the process itself needs weighs more than the tuples. */
const COUNTS_FROM = 1_000_000;

/** What the store and the fill are, of what Postgres and the driver allow. @param tuples of the tenant that is read from */
export function storageFigures(fills: readonly FillFigures[], against: AgainstBare, tuples: number): readonly Figure[] {
  const at = `storage/documents/${sizeName(tuples)}`;
  const ratio = (id: string, what: string, samples: readonly number[]): Figure => {
    return { id, what, unit: "", kind: "ratio", better: "more", samples };
  };
  return [
    ...fills.map((fill) => {
      const what = `fill ÷ the same rows by the driver alone, ${sizeName(fill.tuples)} tuples`;
      return ratio(`storage/documents/${sizeName(fill.tuples)}/fill_vs_bare_read`, what, fill.fillVsBareRead);
    }),
    ratio(`${at}/point_read_vs_select_1`, "point read ÷ SELECT 1", against.pointReadVsSelectOne),
    ratio(`${at}/point_read_vs_bare_read`, "point read ÷ bare SQL", against.pointReadVsBare),
    ratio(
      `${at}/point_reads_16_vs_bare_reads_16`,
      "point reads ÷ bare SQL, 16 in flight of each",
      against.pointReads16VsBare,
    ),
  ];
}

export function storagePlots(fills: readonly FillFigures[], against: AgainstBare): Partial<Plots> {
  const limit = (what: string, bare: string, samples: readonly number[]) => {
    return { what, against: bare, kind: "limit" as const, samples };
  };
  return {
    against: [
      ...fills.map(({ tuples, fillVsBareRead }) => {
        const what = `fill from Postgres, ${tuples.toLocaleString("en-US")} tuples`;
        return limit(what, "the same rows by the driver alone", fillVsBareRead);
      }),
      limit("point read", "SELECT 1", against.pointReadVsSelectOne),
      limit("point read", "bare SQL", against.pointReadVsBare),
      limit("point reads, 16 in flight", "bare SQL, 16 in flight", against.pointReads16VsBare),
    ],
  };
}

export function fillRows({
  tuples,
  perSecond,
  perCpuSecond,
  bytesPerTuple,
  longestSliceMs,
  bareReadPerSecond,
}: FillFigures): LayerReport["rows"] {
  const at = `, ${tuples.toLocaleString("en-US")} tuples`;
  const counts = tuples >= COUNTS_FROM;
  return [
    {
      what: `fill from Postgres${at}`,
      value: perSecond,
      unit: "tuples/s",
      ...(counts && { bound: { least: LEAST_FILL } }),
    },
    { what: `fill, this process alone${at}`, value: perCpuSecond, unit: "tuples/s of CPU time" },
    {
      what: `growth of the process${at}`,
      value: Math.max(bytesPerTuple.rss, bytesPerTuple.graph),
      unit: "bytes/tuple",
      ...(counts && { bound: { most: MOST_BYTES } }),
    },
    { what: `the same rows by the driver alone${at}`, value: bareReadPerSecond, unit: "tuples/s" },
    { what: `longest slice of a fill${at}`, value: longestSliceMs, unit: "ms" },
  ];
}

export function statementRows(found: TimedStatements): LayerReport["rows"] {
  const names = {
    pointRead: "point read",
    pointReads16: "point reads, 16 in flight",
    write: "write of 10 changes",
    writes8: "writes of 10 changes, 8 tenants",
    heads1: "head of one tenant",
    heads100: "heads of 100 tenants",
    since: "changes of one write",
    selectOne: "SELECT 1 by the driver alone",
    bareRead: "read of one tuple by the driver alone",
  } as const satisfies Partial<Record<keyof TimedStatements, string>>;
  return (Object.keys(names) as (keyof typeof names)[]).flatMap((key) => [
    { what: names[key], value: found[key].perSecond, unit: "/s" },
    { what: `${names[key]}, median`, value: found[key].medianUs, unit: "µs" },
    { what: `${names[key]}, p99`, value: found[key].p99Us, unit: "µs" },
  ]);
}
