import { waitFor } from "../../support/wait.ts";
import { createRandom, type Random } from "../random.ts";
import { checkFreshness } from "./checker.ts";
import { type Crew, changeSchemaUntil, readOnce, readUntil, writeUntil } from "./clients.ts";
import { readRevisions } from "./database.ts";
import { createFleet, type FleetOptions } from "./fleet.ts";
import { LOG, pick } from "./flips.ts";
import { MISHAP_NAMES, MISHAPS, type MishapName } from "./mishaps.ts";
import { createRecords, MODES } from "./records.ts";

export interface HuntOptions {
  readonly seed: number;
  /** How many go wrong, one after another; names them, or draws them from all. */
  readonly mishaps: number | readonly MishapName[];
  /** Answers that must come before the first mishap, and after each. */
  readonly answersBetween?: number;
  readonly fleet?: Partial<FleetOptions>;
}

export interface HuntReport {
  readonly mishaps: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly answers: Readonly<Record<string, number>>;
  /** Of the answers to checks, those for which nothing was read. */
  readonly fromMemory: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly revisions: number;
  /** Changes of the schema. */
  readonly schemas: number;
  /** Empty, or relata is broken. */
  readonly problems: readonly string[];
}

/** All in memory; all, and not for long; nothing but tuples that were read, and few of them. */
const MEMORIES: NonNullable<FleetOptions["nodeEnv"]> = [
  {},
  { RELATA_RESIDENT_WINDOW_MS: "1000" },
  { RELATA_RESIDENT_BYTES: "0", RELATA_CACHE_BYTES: "10000" },
];
const WRITERS = 3;
const READERS = 6;
/** Everybody must get on with it between two mishaps. */
const ANSWERS_BETWEEN = 60;
const WRITES_BETWEEN = 6;
const RECOVERY_MS = 60_000;

/** Writers and readers on all nodes while things go wrong; then every answer is held against the history. */
export async function huntStaleAnswers(options: HuntOptions): Promise<HuntReport> {
  const random = createRandom(options.seed);
  await using fleet = await createFleet({ nodes: 3, nodeEnv: MEMORIES, ...options.fleet });
  const end = new AbortController();
  const crew: Crew = { fleet, records: createRecords(), ring: [], signal: end.signal };
  const seeds = Array.from({ length: WRITERS + READERS }, () => createRandom(random.below(2 ** 31)));
  const clients = seeds.map((own, index) =>
    index < WRITERS ? writeUntil(crew, `w${index}`, own) : readUntil(crew, own),
  );
  clients.push(changeSchemaUntil(crew, createRandom(random.below(2 ** 31))));
  const names = drawMishaps(options.mishaps, random);
  const progress = (after: string) => makeProgress(crew, options.answersBetween ?? ANSWERS_BETWEEN, after);
  try {
    await progress("nothing");
    for (const name of names) {
      const node = pick(random, fleet.nodes);
      await MISHAPS[name](fleet, node, random);
      await progress(`${name} (${node.name})`);
    }
  } finally {
    end.abort();
    await Promise.all(clients);
  }
  await everyNodeAnswers(crew);
  return report(crew, names);
}

function drawMishaps(wanted: HuntOptions["mishaps"], random: Random): readonly MishapName[] {
  if (typeof wanted !== "number") return wanted;
  return Array.from({ length: wanted }, (_, index) => MISHAP_NAMES[index] ?? pick(random, MISHAP_NAMES));
}

async function makeProgress({ records }: Crew, wanted: number, after: string): Promise<void> {
  const answers = records.answers.length + wanted;
  const acknowledged = () => records.writes.filter((write) => write.acknowledged !== undefined).length;
  const writes = acknowledged() + WRITES_BETWEEN;
  await waitFor(
    `${wanted} more answers and ${WRITES_BETWEEN} more writes after: ${after}`,
    () => records.answers.length >= answers && acknowledged() >= writes,
    RECOVERY_MS,
  );
}

/** Once all is well again, every node answers in every mode. */
async function everyNodeAnswers(crew: Crew): Promise<void> {
  for (const node of crew.fleet.nodes) {
    for (const mode of MODES) {
      await waitFor(
        `node ${node.name} answers ${mode} once all is well`,
        () => readOnce(crew, node, mode, crew.ring.at(-1), { kind: "subjects", object: LOG, permission: "member" }),
        RECOVERY_MS,
      );
    }
  }
}

async function report({ fleet, records }: Crew, names: readonly MishapName[]): Promise<HuntReport> {
  const { writes, answers, told, errors, problems } = records;
  const revisions = await readRevisions(fleet.database.connection, fleet.tenant);
  const acknowledged = writes.filter((write) => write.acknowledged !== undefined).length;
  return {
    mishaps: count(names),
    acknowledged,
    unknown: writes.length - acknowledged,
    answers: count(answers.map(({ mode }) => mode)),
    fromMemory: answers.filter(({ fromMemory }) => fromMemory).length,
    errors: Object.fromEntries(errors),
    revisions: revisions.length,
    schemas: told.length,
    problems: [
      ...problems,
      ...checkFreshness({ revisions, writes, answers, told, maxStalenessMs: fleet.maxStalenessMs }),
    ],
  };
}

function count(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
