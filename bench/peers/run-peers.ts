import type { BenchWorld } from "../database/bench-world.ts";
import type { LayerOptions } from "../layer-options.ts";
import { type Generator, startGenerator } from "../load/generator.ts";
import type { LoadResult } from "../load/load.ts";
import type { Answers, LayerReport } from "../report/report.ts";
import { doctor } from "../workloads/doctor.ts";
import type { Workload } from "../workloads/workload.ts";
import { WORKLOADS } from "../workloads/workloads.ts";
import { checkAnswers } from "./check-answers.ts";
import { type LoadedPeer, type Peer, PeerError } from "./peer.ts";
import { type Comparison, figuresOf, plotsOf, ratiosOf, rowsOf } from "./peer-figures.ts";
import type { PeerOrder } from "./peer-order.ts";
import { type RelataSide, startRelataSide } from "./relata-side.ts";
import { timePair } from "./time-peer.ts";

/** Of a run that names peers. */
type PeersRun = LayerOptions & { readonly world: BenchWorld; readonly opened: readonly Peer[] };

/** What the generator asks around and around. */
const MAX_ASKED = 10_000;
const MAX_FAILED_SHARE = 0.01;

interface Found {
  readonly comparisons: Comparison[];
  readonly wrong: string[];
  readonly skipped: string[];
  readonly compared: Record<string, number>;
}

/** The same tuples and the same questions: relata against each peer, workload by workload. Only a peer whose answers are right is timed. */
export async function runPeersLayer(run: PeersRun): Promise<LayerReport> {
  const { peers: order, opened } = run;
  if (order === undefined) throw new Error("a comparison with nobody");
  await using generator = startGenerator();
  const found: Found = { comparisons: [], wrong: [], skipped: [], compared: {} };
  for (const name of order.workloads) {
    const work: Workload = WORKLOADS[name](order.tuples);
    const able = opened.filter((peer) => isAble(peer, work, found, run.print));
    if (able.length === 0) continue;
    await using relata = await startRelataSide(run.world, generator, work);
    for (const peer of able) await compare({ run, order, generator, relata, work, found }, peer);
  }
  const { comparisons, wrong, skipped, compared } = found;
  const figures = comparisons.flatMap(figuresOf);
  const answers: Answers = {
    compared: Object.values(compared).reduce((sum, count) => sum + count, 0),
    wrong,
    byWorkload: compared,
  };
  return {
    name: "peers",
    details: { comparisons, skipped },
    ratios: Object.fromEntries(comparisons.flatMap(ratiosOf)),
    headlines: {},
    figures,
    plots: plotsOf(comparisons),
    rows: comparisons.flatMap(rowsOf),
    answers,
  };
}

function isAble(peer: Peer, work: Workload, { skipped }: Found, print: PeersRun["print"]): boolean {
  // relata's callers are bound to one tenant here.
  const why = work.tenants > 1 ? "it is of many tenants" : peer.cannot?.(work);
  if (why === undefined) return true;
  skipped.push(`${peer.address.name}/${work.name}: ${why}`);
  print(`peers: ${peer.address.name} is left out for ${work.name}: ${why}`);
  return false;
}

interface Scene {
  readonly run: PeersRun;
  readonly order: PeerOrder;
  readonly generator: Generator;
  readonly relata: RelataSide;
  readonly work: Workload;
  readonly found: Found;
}

async function compare(scene: Scene, peer: Peer): Promise<void> {
  const { run, work, found } = scene;
  try {
    const loaded = await peer.load(work, (line) => run.print(`peers: ${line}`));
    try {
      if (await isRight(scene, peer, loaded)) await time(scene, peer, loaded);
    } finally {
      await loaded.remove();
    }
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    found.wrong.push(`${peer.address.name}/${work.name} was not compared with: ${error.message}`);
  }
}

/** Before anything is timed: a wrong answer may be a quick one. */
async function isRight({ run, order, work, found }: Scene, peer: Peer, loaded: LoadedPeer): Promise<boolean> {
  const questions = doctor(work.questions(order.checked), run.doctored);
  const wrong = await checkAnswers(peer, loaded, work, questions);
  found.compared[work.name] = (found.compared[work.name] ?? 0) + questions.length;
  found.wrong.push(...wrong);
  const name = `${peer.address.name}/${work.name}`;
  const outcome = wrong.length === 0 ? "every one right" : `${wrong.length} WRONG, so it is not timed`;
  run.print(`peers: ${name}: ${questions.length} answers compared, ${outcome}`);
  return wrong.length === 0;
}

async function time(scene: Scene, peer: Peer, loaded: LoadedPeer): Promise<void> {
  const { run, order, generator, relata, work, found } = scene;
  await loaded.settle?.();
  const questions = work.questions(Math.min(run.questions, MAX_ASKED));
  for (const consistency of order.consistencies) {
    const theirs = loaded.target(questions, consistency);
    const targets = { relata: relata.target(theirs.protocol, questions, consistency), peer: theirs };
    const lane = `${peer.address.name}/${work.name}/${consistency}`;
    const timing = await timePair(generator, targets, {
      rounds: order.rounds,
      openRounds: order.openRounds,
      roundMs: run.roundMs,
      print: (line) => run.print(`peers: ${lane}: ${line}`),
    });
    const wrong = (["relata", "peer"] as const).flatMap((side) => {
      const results = [...timing.warm[side], ...timing.closed[side], ...timing.open[side]];
      found.compared[work.name] = (found.compared[work.name] ?? 0) + results.reduce((sum, { calls }) => sum + calls, 0);
      return wrongUnderLoad(lane, side, results, run.print);
    });
    found.wrong.push(...wrong);
    // A wrong answer may be a quick one.
    if (wrong.length > 0) {
      run.print(`peers: ${lane}: WRONG under load, so there are no figures of it`);
      continue;
    }
    found.comparisons.push({
      peer: peer.address.name,
      version: peer.version,
      workload: work.name,
      tuples: loaded.tuples,
      protocol: theirs.protocol,
      consistency,
      loadSeconds: loaded.loadSeconds,
      timing,
      differences: peer.differences(work),
    });
  }
}

/**
 * Errors of ours and wrong answers of anybody's. A peer may refuse some calls when it is swamped, as by a deadline of its own: that is printed, and
 * wrong only where it is so many that what is left is no figure.
 */
function wrongUnderLoad(
  lane: string,
  side: "relata" | "peer",
  results: readonly LoadResult[],
  print: (line: string) => void,
): readonly string[] {
  return results.flatMap(({ wrong, failed, calls, firstWrong }) => {
    if (wrong === 0) return [];
    const text = `${lane}, ${side}: ${wrong} of ${calls} answers under load, ${failed} of them errors; the first: ${firstWrong?.why}`;
    if (side === "relata" || wrong > failed || failed > calls * MAX_FAILED_SHARE) return [text];
    print(`peers: ${text}`);
    return [];
  });
}
