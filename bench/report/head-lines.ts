import { countWrong } from "./join-answers.ts";
import type { Report } from "./report.ts";

/** Processor, cores, memory, systems. */
export function machineLine({ machine }: Report): string {
  const { cpu, cores, memoryBytes, os, node, postgres } = machine;
  const postgresName = postgres === undefined ? "" : `, PostgreSQL ${postgres}`;
  return `${cpu}, ${cores} cores, ${Math.round(memoryBytes / 1024 ** 3)} GiB, ${os}, Node ${node}${postgresName}; ${loadLine(machine)}`;
}

export function loadLine({ loadBefore, loadAfter }: Report["machine"]): string {
  return `load ${loadBefore.toFixed(1)} before and ${loadAfter.toFixed(1)} behind`;
}

export function commitLine({ commit }: Report): string {
  if (commit === undefined) return "Not run in a clone: no commit.";
  return `Commit ${commit.hash.slice(0, 12)}, ${commit.subject}${commit.dirty ? " (with changes that are not committed)" : ""}`;
}

/** Such as `1,234 answers compared, every one right (quick, 72 s)`. */
export function answersLine({ answers, mode, tookSeconds }: Report): string {
  const wrong = countWrong(answers);
  const verdict = wrong === 0 ? "every one right" : `${wrong.toLocaleString("en-US")} WRONG`;
  return `${answers.compared.toLocaleString("en-US")} answers compared, ${verdict} (${mode}, ${tookSeconds.toFixed(0)} s)`;
}

/** What a run was made to find on purpose, so that nobody takes it for one of the product; undefined where nothing was. */
export function sabotageLine({ settings: { slowSolver, doctored } }: Report): string | undefined {
  const done = [
    ...(typeof slowSolver === "number"
      ? [`each Check of the engine takes ${slowSolver * 100} % longer (--slow-solver)`]
      : []),
    ...(doctored === true ? ["one answer is expected wrongly (--doctored)"] : []),
  ];
  return done.length === 0 ? undefined : `A test of the bench itself: ${done.join(", ")}.`;
}

/** What to think of a run beside other programs; undefined where the machine was free when it began. */
export function busyLine({ machine: { loadBefore, cores } }: Report): string | undefined {
  // The run itself makes the load behind it, so only the load before tells of others.
  if (loadBefore < cores / 2) return undefined;
  return `The machine was busy when the run began (load ${loadBefore.toFixed(1)} on ${cores} cores): trust ratios and counts, not times.`;
}
