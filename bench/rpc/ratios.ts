import { median } from "../load/median.ts";
import type { Round } from "./lane.ts";

/** What one lane is held against: `a ÷ b` by throughput, and `b ÷ a` by CPU time of the server, so that above 1 is better than it. */
const PAIRS: Readonly<Record<string, readonly [lane: string, against: string]>> = {
  check_vs_echo: ["check", "echo"],
  check_vs_transport_echo: ["check", "transportEcho"],
  check_vs_authenticated_echo: ["check", "authenticatedEcho"],
  resident_vs_sql: ["check", "checkBySql"],
  json_check_vs_json_echo: ["jsonCheck", "jsonEcho"],
  json_check_vs_check: ["jsonCheck", "check"],
};

/** One sample per round, by throughput, which is what counts, and by CPU time, which other programs on the machine disturb less. */
export function ratioSamples(
  rounds: ReadonlyMap<string, readonly Round[]>,
): Readonly<Record<string, readonly number[]>> {
  const samples: Record<string, readonly number[]> = {};
  for (const [name, [lane, against]] of Object.entries(PAIRS)) {
    const [ones, others] = [rounds.get(lane), rounds.get(against)];
    if (ones === undefined || others === undefined) continue;
    const each = (of: (one: Round, other: Round) => number) => ones.map((one, i) => of(one, others[i] as Round));
    samples[name] = each((one, other) => one.callsPerSecond / other.callsPerSecond);
    samples[`${name}_cpu`] = each((one, other) => other.server.cpuMicrosPerCall / one.server.cpuMicrosPerCall);
  }
  return samples;
}

export function medians(samples: Readonly<Record<string, readonly number[]>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]));
}
