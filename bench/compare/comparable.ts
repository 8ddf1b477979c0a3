import { isDeepStrictEqual } from "node:util";
import type { ComparedReport } from "./read-report.ts";

/** How two runs differ beyond what they found. */
export interface Differences {
  /** Figures of such runs mean different things. */
  readonly refused: readonly string[];
  /** To be known when the figures are read. */
  readonly told: readonly string[];
  /** Whether figures by a clock mean the same in both. */
  readonly sameMachine: boolean;
}

/** What was measured at all: figures that only one of the runs has are listed as such, and the others mean the same. */
const SELECTIONS: readonly string[] = ["layers", "workloads", "peers"];
const MOST_SHOWN = 80;
/** What a test makes slower, or wrong, is what the comparison is to find: `slowSolver` by the figures, `doctored` by the answers. */
const SABOTAGE: readonly string[] = ["slowSolver", "doctored"];

export function differencesOf(a: ComparedReport, b: ComparedReport): Differences {
  const settings = settingsThatDiffer(a, b);
  const gentle = (name: string) => SELECTIONS.includes(name) || SABOTAGE.includes(name);
  const machine = machineDifferences(a.machine, b.machine);
  return {
    refused: [
      ...(a.mode === b.mode ? [] : [`the mode is ${a.mode} in A and ${b.mode} in B`]),
      ...settings.filter((name) => !gentle(name)).map((name) => settingLine(a, b, name)),
      ...wrongAnswers("A", a),
      ...(a.figures.length === 0 ? ["A has no figures"] : []),
      ...(b.figures.length === 0 ? ["B has no figures"] : []),
    ],
    told: [
      ...settings.filter(gentle).map((name) => settingLine(a, b, name)),
      ...machine,
      ...loadLine("A", a.machine),
      ...loadLine("B", b.machine),
    ],
    sameMachine: machine.length === 0,
  };
}

function settingsThatDiffer({ settings: a }: ComparedReport, { settings: b }: ComparedReport): readonly string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.filter((name) => !isDeepStrictEqual(a[name], b[name]));
}

function settingLine({ settings: a }: ComparedReport, { settings: b }: ComparedReport, name: string): string {
  return `${name} is ${settingOf(a[name])} in A and ${settingOf(b[name])} in B`;
}

function settingOf(value: unknown): string {
  const text = value === undefined ? "not set" : JSON.stringify(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** Ratios are those of two figures of one run: they survive all of these. */
function machineDifferences(a: ComparedReport["machine"], b: ComparedReport["machine"]): readonly string[] {
  const names = ["cpu", "cores", "memoryBytes", "os", "node", "postgres"] as const;
  return names.filter((name) => a[name] !== b[name]).map((name) => `${name}: ${a[name]} in A, ${b[name]} in B`);
}

/** Wrong answers may be given quickly. Those of B are a regression by themselves, those of A leave nothing to compare with. */
function wrongAnswers(name: string, { answers }: ComparedReport): readonly string[] {
  const { length } = answers.wrong;
  return length === 0 ? [] : [`${length} answers of ${name} are wrong: ${answers.wrong[0]}`];
}

/** More was running than there were cores. */
function loadLine(name: string, { cores, loadBefore, loadAfter }: ComparedReport["machine"]): readonly string[] {
  // Behind a run, the run itself is in it.
  return loadBefore <= cores
    ? []
    : [
        `other programs were at work when ${name} began: load ${loadBefore.toFixed(1)}, ${loadAfter.toFixed(1)} behind, on ${cores} cores`,
      ];
}
