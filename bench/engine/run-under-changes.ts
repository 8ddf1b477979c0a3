import { join } from "node:path";
import type { BenchWorld } from "../database/bench-world.ts";
import type { LayerOptions } from "../layer-options.ts";
import { startChild } from "../load/child.ts";
import { median, medianRatio } from "../load/median.ts";
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
  /** Busy ÷ quiet of a thread that has a core: see `keptBy`. */
  readonly share: number;
  /** By rounds. */
  readonly shares: readonly number[];
  /** Busy ÷ quiet as it was, by CPU time and by the clock on the wall: lower the less of a core the process was given. */
  readonly shareByCpuTime: number;
  readonly shareByWall: number;
  /** Of a core, what taking changes in costs. */
  readonly applyShareOfCore: number;
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
  const { world, rounds, roundMs: durationMs, slowSolver = 0, print } = options;
  await using stack = new AsyncDisposableStack();
  const { tenant, work } = await world.tenant();
  const { app: connection } = await world.database();
  const reader = startChild<ApplyOrder, ApplyRound | undefined>(join(import.meta.dirname, "apply-process.ts"), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  stack.defer(() => reader.close());
  const writer = startChild<WriterOrder, Written | undefined>(join(import.meta.dirname, "writer-process.ts"));
  stack.defer(() => writer.close());
  const { schema, tuples } = work;
  const questions = work.questions(options.questions);
  await reader.ask({ what: "start", connection, tenant, schema, slowSolver, questions });
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
  const kept = underWrites.map((round, turn) => keptBy(round, quiet[turn] as ApplyRound));
  const shares = kept.map((one) => one.share);
  const share = median(shares);
  print(`engine: under ${CHANGES_PER_SECOND} changes/s ${(share * 100).toFixed(0)} % of the Checks`);
  return {
    tuples,
    asked: { changesPerSecond: CHANGES_PER_SECOND },
    writtenPerSecond: median(busy.map(({ written }) => written.perSecond)),
    appliedPerSecond: of(underWrites, ({ appliedChanges }) => appliedChanges / (durationMs / 1000)),
    quietPerCpuSecond: of(quiet, ({ perCpuSecond }) => perCpuSecond),
    busyPerCpuSecond: of(underWrites, ({ perCpuSecond }) => perCpuSecond),
    share,
    shares,
    shareByCpuTime: medianRatio(underWrites, quiet, ({ perCpuSecond }) => perCpuSecond),
    applyShareOfCore: median(kept.map((one) => one.applyShareOfCore)),
    shareByWall: medianRatio(underWrites, quiet, ({ perSecond }) => perSecond),
    longestApplyMs: Math.max(...underWrites.map(({ gapMaxCpuMs }) => gapMaxCpuMs)),
    longestSliceMs: Math.max(...underWrites.map(({ longestSliceMs }) => longestSliceMs)),
    busyGapP99Ms: of(underWrites, ({ gapP99Ms }) => gapP99Ms),
    busyGapMaxMs: Math.max(...underWrites.map(({ gapMaxMs }) => gapMaxMs)),
    quietGapMaxMs: Math.max(...quiet.map(({ gapMaxMs }) => gapMaxMs)),
    compared: [...quiet, ...underWrites].reduce((sum, { calls }) => sum + calls, 0),
  };
}

/**
 * What a thread that has a core keeps of its Checks. Changes come by the clock on the wall, so what they cost is a part of a
 * core, whatever else there is to do; where other programs leave the process a fifth of one, that part is five times as
 * large a share of what it gets. So Checks are compared by the CPU time of their stretches, an empty turn of the event loop with
 * each, and what turns cost beyond that is taken from the core.
 */
function keptBy(busy: ApplyRound, quiet: ApplyRound): { readonly share: number; readonly applyShareOfCore: number } {
  const emptyTurnMs = quiet.gapsCpuMs / quiet.stretches;
  const applyShareOfCore = Math.max(0, busy.gapsCpuMs - busy.stretches * emptyTurnMs) / busy.elapsedMs;
  const stretchMs = ({ stretchesCpuMs, stretches }: ApplyRound) => stretchesCpuMs / stretches + emptyTurnMs;
  return { share: (1 - applyShareOfCore) * (stretchMs(quiet) / stretchMs(busy)), applyShareOfCore };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a round without figures");
  return value;
}
