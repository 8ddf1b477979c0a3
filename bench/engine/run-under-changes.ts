import { join } from "node:path";
import type { BenchWorld } from "../database/bench-world.ts";
import type { LayerOptions } from "../layer-options.ts";
import { startChild } from "../rpc/child.ts";
import { median, medianRatio } from "../rpc/median.ts";
import type { ApplyOrder, ApplyRound } from "./apply-process.ts";
import type { WriterOrder, Written } from "./writer-process.ts";

export interface UnderChanges {
  readonly tuples: number;
  readonly asked: { readonly changesPerSecond: number };
  /** Medians over the rounds. */
  readonly writtenPerSecond: number;
  readonly appliedPerSecond: number;
  readonly quietPerCpuSecond: number;
  readonly busyPerCpuSecond: number;
  /** Busy ÷ quiet, by CPU time and by the clock on the wall, on which the writer and Postgres need cores as well. */
  readonly share: number;
  readonly shareByWall: number;
  /** The most CPU time of the thread between two stretches of Checks: applying, and all else that one turn did. */
  readonly longestApplyMs: number;
  /** The longest slice by the wall since the start, fill included, as the residency says. */
  readonly longestSliceMs: number;
  /** What lay between two stretches of Checks, with changes and without: the rest of the machine is in both. */
  readonly busyGapP99Ms: number;
  readonly busyGapMaxMs: number;
  readonly quietGapMaxMs: number;
  readonly compared: number;
}

const CHANGES_PER_SECOND = 500;

/** What is left of the engine's throughput while a tail applies the changes that another process makes. */
export async function runUnderChanges(options: LayerOptions & { readonly world: BenchWorld }): Promise<UnderChanges> {
  const { world, rounds, roundMs: durationMs, print } = options;
  await using stack = new AsyncDisposableStack();
  const { tenant, work } = await world.tenant();
  const { app: connection } = await world.database();
  const reader = startChild<ApplyOrder, ApplyRound | undefined>(join(import.meta.dirname, "apply-process.ts"));
  stack.defer(() => reader.close());
  const writer = startChild<WriterOrder, Written | undefined>(join(import.meta.dirname, "writer-process.ts"));
  stack.defer(() => writer.close());
  const { schema, tuples } = work;
  await reader.ask({ what: "start", connection, tenant, schema, questions: work.questions(options.questions) });
  await writer.ask({ what: "start", connection, tenant, tuples });
  const read = async () => required(await reader.ask({ what: "round", durationMs }));
  const readAndWrite = async () => {
    const writing = writer.ask({ what: "write", changesPerSecond: CHANGES_PER_SECOND, durationMs });
    const [found, written] = await Promise.all([read(), writing]);
    return { found, written: required(written) };
  };
  await readAndWrite();
  const quiet: ApplyRound[] = [];
  const busy: Awaited<ReturnType<typeof readAndWrite>>[] = [];
  for (let turn = 0; turn < rounds; turn += 1) {
    quiet.push(await read());
    busy.push(await readAndWrite());
  }
  const underWrites = busy.map(({ found }) => found);
  const of = (some: readonly ApplyRound[], pick: (round: ApplyRound) => number) => median(some.map(pick));
  const share = medianRatio(underWrites, quiet, ({ perCpuSecond }) => perCpuSecond);
  print(
    `engine: under ${CHANGES_PER_SECOND} changes/s ${(share * 100).toFixed(0)} % of the Checks per second of CPU time`,
  );
  return {
    tuples,
    asked: { changesPerSecond: CHANGES_PER_SECOND },
    writtenPerSecond: median(busy.map(({ written }) => written.perSecond)),
    appliedPerSecond: of(underWrites, ({ appliedChanges }) => appliedChanges / (durationMs / 1000)),
    quietPerCpuSecond: of(quiet, ({ perCpuSecond }) => perCpuSecond),
    busyPerCpuSecond: of(underWrites, ({ perCpuSecond }) => perCpuSecond),
    share,
    shareByWall: medianRatio(underWrites, quiet, ({ perSecond }) => perSecond),
    longestApplyMs: Math.max(...underWrites.map(({ gapMaxCpuMs }) => gapMaxCpuMs)),
    longestSliceMs: Math.max(...underWrites.map(({ longestSliceMs }) => longestSliceMs)),
    busyGapP99Ms: of(underWrites, ({ gapP99Ms }) => gapP99Ms),
    busyGapMaxMs: Math.max(...underWrites.map(({ gapMaxMs }) => gapMaxMs)),
    quietGapMaxMs: Math.max(...quiet.map(({ gapMaxMs }) => gapMaxMs)),
    compared: [...quiet, ...underWrites].reduce((sum, { calls }) => sum + calls, 0),
  };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a round without figures");
  return value;
}
