// Times single calls of microseconds. What is measured is kept in arrays made beforehand, so that measuring makes no garbage
// that the measured code would be stopped for; the clock is performance.now(), which reads the same clock as process.hrtime and
// makes no BigInt. What it costs itself is measured beside and told: about 40 ns, in every latency and in no throughput.
import type { KnownQuestion } from "../workloads/workload.ts";
import type { ResidentCheck } from "./resident-check.ts";

export interface Latencies {
  readonly calls: number;
  readonly medianUs: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

export interface Throughput {
  readonly calls: number;
  /** By CPU time of the process, its garbage collector's threads included. */
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

/** How many calls lie between two looks at the clock where throughput is measured. */
const STRETCH = 256;

/** @returns those with another answer than the known one */
export function wrongAnswers(check: ResidentCheck, questions: readonly KnownQuestion[]): readonly KnownQuestion[] {
  return questions.filter((asked) => check(asked) !== asked.allowed);
}

/** Every call by itself, in the order of the questions from the `first` on, around and around. Throws on a wrong answer. */
export function timeEach(
  check: ResidentCheck,
  questions: readonly KnownQuestion[],
  calls: number,
  first = 0,
): Latencies {
  const nanos = new Float64Array(calls);
  for (let call = 0; call < calls; call += 1) {
    const asked = questions[(first + call) % questions.length] as KnownQuestion;
    const begin = performance.now();
    const allowed = check(asked);
    nanos[call] = performance.now() - begin;
    if (allowed !== asked.allowed) throw wrongAnswer(asked);
  }
  return summarize(nanos);
}

/** As many as there is time for, from the `first` question on, around and around. Throws on a wrong answer. */
export function timeAll(
  check: ResidentCheck,
  questions: readonly KnownQuestion[],
  durationMs: number,
  first = 0,
): Throughput {
  const before = process.cpuUsage();
  const begin = performance.now();
  let calls = 0;
  let elapsedMs = 0;
  do {
    for (let stretch = 0; stretch < STRETCH; stretch += 1, calls += 1) {
      const asked = questions[(first + calls) % questions.length] as KnownQuestion;
      if (check(asked) !== asked.allowed) throw wrongAnswer(asked);
    }
    elapsedMs = performance.now() - begin;
  } while (elapsedMs < durationMs);
  const { user, system } = process.cpuUsage(before);
  return { calls, perCpuSecond: calls / ((user + system) / 1e6), perSecond: calls / (elapsedMs / 1000) };
}

/** What two looks at the clock cost: the smallest latency that could be seen. */
export function clockNs(): number {
  const millis = new Float64Array(20_000);
  for (let look = 0; look < millis.length; look += 1) {
    const begin = performance.now();
    millis[look] = performance.now() - begin;
  }
  return (millis.sort()[millis.length >> 1] ?? 0) * 1e6;
}

/** @param millis is sorted */
export function summarize(millis: Float64Array): Latencies {
  millis.sort();
  const at = (part: number) => (millis[Math.min(millis.length - 1, Math.floor(millis.length * part))] ?? 0) * 1000;
  return {
    calls: millis.length,
    medianUs: at(0.5),
    p99Us: at(0.99),
    p999Us: at(0.999),
    maxUs: at(1),
  };
}

export function wrongAnswer({ question, allowed, kind }: KnownQuestion): WrongAnswer {
  const { object, member, subject } = question;
  const text = `${object.type}:${object.id}#${member}@${subject.type}:${subject.id}`;
  return new WrongAnswer(
    `wrong answer: ${text} is ${allowed ? "allowed" : "denied"} (${kind}) and was answered otherwise`,
  );
}

export class WrongAnswer extends Error {
  override readonly name = "WrongAnswer";
}
