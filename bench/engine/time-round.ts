// One round: stretches of Checks, and between them the loops that say what this processor and its memory allow at this moment. They
// take turns every tenth of a second or less, so that a while in which the machine is slow is in both sides of a ratio.
import { compute } from "../limits/compute-kernel.ts";
import type { MemoryKernels } from "../limits/memory-kernels.ts";
import { median } from "../load/median.ts";
import type { KnownQuestion } from "../workloads/workload.ts";
import type { ResidentCheck } from "./resident-check.ts";
import { type Latencies, type Throughput, timeAll, timeEach } from "./time-checks.ts";

export interface GraphRound {
  readonly throughput: Throughput;
  readonly latencies: Latencies;
  readonly limits: LimitRound;
  /** Where the next round goes on, so that rounds of any length ask all questions in the end. */
  readonly nextQuestion: number;
}

/** By the CPU time of this thread, in nanoseconds. */
export interface LimitRound {
  readonly checkNs: number;
  /** A read of memory at a place that only the read before tells: median over the stretches. */
  readonly readNs: number;
  /** A pass of the fixed piece of work. */
  readonly computeNs: number;
}

export interface RoundInput {
  readonly check: ResidentCheck;
  readonly questions: readonly KnownQuestion[];
  readonly kernels: MemoryKernels;
  readonly threadCpuMs: () => number;
  readonly durationMs: number;
  /** Timed one by one. */
  readonly calls: number;
  /** Of the questions, the one to begin with. */
  readonly firstQuestion: number;
}

const STRETCHES = 8;
/** Some 2 ms each. */
const READS = 8_000;
const COMPUTE_PASSES = 1_000;

/** Throws on a wrong answer. */
export function timeRound(input: RoundInput): GraphRound {
  const { check, questions, kernels, threadCpuMs, durationMs, calls } = input;
  const nanos = (act: () => unknown) => {
    const begin = threadCpuMs();
    act();
    return (threadCpuMs() - begin) * 1e6;
  };
  const stretches: Throughput[] = [];
  const [reads, passes]: [number[], number[]] = [[], []];
  let checkNs = 0;
  let next = input.firstQuestion;
  for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
    checkNs += nanos(() => stretches.push(timeAll(check, questions, durationMs / STRETCHES, next)));
    next += stretches.at(-1)?.calls ?? 0;
    reads.push(nanos(() => kernels.readRandomly(READS)) / READS);
    passes.push(nanos(() => compute(COMPUTE_PASSES)) / COMPUTE_PASSES);
  }
  const throughput = together(stretches);
  return {
    throughput,
    latencies: timeEach(check, questions, calls, next),
    nextQuestion: (next + calls) % questions.length,
    limits: {
      checkNs: checkNs / throughput.calls,
      readNs: median(reads),
      computeNs: median(passes),
    },
  };
}

function together(parts: readonly Throughput[]): Throughput {
  const sum = (of: (part: Throughput) => number) => parts.reduce((all, part) => all + of(part), 0);
  const calls = sum((part) => part.calls);
  return {
    calls,
    perCpuSecond: calls / sum((part) => part.calls / part.perCpuSecond),
    perSecond: calls / sum((part) => part.calls / part.perSecond),
  };
}
