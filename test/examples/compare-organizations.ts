import type { Question } from "../../src/engine/solver.ts";
import type { Ask } from "./ask.ts";
import type { OrganizationReading } from "./organization-reading.ts";

/** A question with the answer that the YAML gives. */
interface Expected {
  readonly question: Question;
  readonly allowed: boolean;
}

export interface Comparison {
  readonly questions: number;
  readonly allowed: number;
  /** `repository:kubernetes/kubernetes#admin@user:anne: the YAML says allowed` */
  readonly disagreements: readonly string[];
  readonly perSecond: number;
}

/** BatchCheck's limit. */
const BATCH_ITEMS = 1_000;

/** Every repository × role × person of `peopleOf(organisation)`, in batches that stay with one repository: they share what they read. */
export async function compareOrganizations(
  readings: readonly OrganizationReading[],
  ask: Ask,
  options: {
    /** @param turn the how-manieth repository of its organisation is asked about */
    readonly peopleOf: (reading: OrganizationReading, turn: number) => Iterable<string>;
    /** Batches under way at once. */
    readonly inFlight?: number;
  },
): Promise<Comparison> {
  const started = performance.now();
  const disagreements: string[] = [];
  let questions = 0;
  let allowed = 0;
  const batches = batchesOf(readings, options.peopleOf);
  const worker = async (): Promise<void> => {
    for (const batch of batches) {
      const answers = await ask(batch.map(({ question }) => question));
      if (answers.length !== batch.length) throw new Error(`${batch.length} questions, ${answers.length} answers`);
      for (const [index, expected] of batch.entries()) {
        questions += 1;
        if (expected.allowed) allowed += 1;
        if (answers[index] !== expected.allowed) disagreements.push(describe(expected));
      }
    }
  };
  await Promise.all(Array.from({ length: options.inFlight ?? 1 }, worker));
  return {
    questions,
    allowed,
    disagreements,
    perSecond: Math.round(questions / ((performance.now() - started) / 1_000)),
  };
}

function* batchesOf(
  readings: readonly OrganizationReading[],
  peopleOf: (reading: OrganizationReading, turn: number) => Iterable<string>,
): Generator<readonly Expected[]> {
  for (const reading of readings) {
    let turn = 0;
    for (const [repository, roles] of reading.holders) {
      const people = peopleOf(reading, turn++);
      const object = { type: "repository", id: repository };
      let batch: Expected[] = [];
      for (const login of people) {
        const subject = { type: "user", id: login, relation: "" };
        for (const [role, holders] of roles) {
          batch.push({ question: { object, member: role, subject }, allowed: holders.has(login) });
          if (batch.length < BATCH_ITEMS) continue;
          yield batch;
          batch = [];
        }
      }
      if (batch.length > 0) yield batch;
    }
  }
}

function describe({ question, allowed }: Expected): string {
  const { object, member, subject } = question;
  return `${object.type}:${object.id}#${member}@${subject.type}:${subject.id}: the YAML says ${allowed ? "allowed" : "denied"}`;
}
