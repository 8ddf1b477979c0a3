import type { GeneratorUse } from "../report/plots.ts";

/** From here on the generator has no time of its own left. */
const BUSY_SHARE = 0.9;
/** Lateness below it is that of any clock. */
const LATE_MS = 1;
/** Of the latency that is measured. */
const LATE_SHARE = 0.2;

/** @param share of the time in which the generator was at work @param p99Ms of the latency, in which its lateness is contained */
export function generatorUse(share: number, lateP99Ms: number, p99Ms: number): GeneratorUse {
  const bottleneck = bottleneckOf(share, lateP99Ms, p99Ms);
  return { share, lateP99Ms, ...(bottleneck !== undefined && { bottleneck }) };
}

function bottleneckOf(share: number, lateP99Ms: number, p99Ms: number): string | undefined {
  if (share > BUSY_SHARE)
    return `the generator was at work ${Math.round(share * 100)} % of the time: the load is what it could send, not what the server could answer`;
  if (lateP99Ms > LATE_MS && lateP99Ms > LATE_SHARE * p99Ms)
    return `the generator sent 1 % of the calls ${lateP99Ms.toFixed(1)} ms late or later, of a p99 of ${p99Ms.toFixed(1)} ms: the latency is in part its own`;
  return undefined;
}
