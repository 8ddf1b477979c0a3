import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { waitFor } from "../support/wait.ts";
import { checkHistory } from "./checker.ts";
import { findBackend, readHistory } from "./history.ts";
import { type JournalEntry, readJournal } from "./journal.ts";
import { createRandom, type Random } from "./random.ts";
import { readUntil } from "./reader.ts";
import { createWorld, type World, type WriterSpec } from "./world.ts";

export interface ChaosReport {
  /** What was killed, in order. */
  readonly killed: readonly Victim[];
  readonly acknowledged: number;
  readonly answeredReads: number;
  readonly revisions: number;
  /** Empty, or relata is broken. */
  readonly problems: readonly string[];
}

const VICTIMS = ["relata", "postgres", "writer", "relata and postgres", "backend"] as const;
type Victim = (typeof VICTIMS)[number];

const WRITERS: readonly WriterSpec[] = [
  { tenant: "acme", name: "w1" },
  { tenant: "acme", name: "w2" },
  { tenant: "globex", name: "w3" },
];
/** Everybody must get on with it between two kills: this proves that relata came back. */
const ACKS_BETWEEN = 15;
const RECOVERY_MS = 60_000;
const MAX_PAUSE_MS = 100;

/** Writers and readers at once, and `kills` kills; then the accounts are checked. The seed decides who dies and when. */
export async function runChaos(seed: number, kills: number): Promise<ChaosReport> {
  const random = createRandom(seed);
  await using world = await createWorld();
  for (const spec of WRITERS) world.startWriter(spec, random.below(2 ** 31));
  const end = new AbortController();
  const readers = ["acme", "globex"].map((tenant) => {
    const names = WRITERS.filter((spec) => spec.tenant === tenant).map(({ name }) => name);
    return readUntil(end.signal, world.directory, tenant, names);
  });
  const killed: Victim[] = [];
  try {
    for (let round = 0; round < kills; round += 1) {
      await progress(world, killed.at(-1) ?? "nothing");
      await sleep(random.below(MAX_PAUSE_MS));
      // Everyone once at first.
      const victim = VICTIMS[round < VICTIMS.length ? round : random.below(VICTIMS.length)] ?? "relata";
      killed.push(victim);
      await kill(world, victim, random);
    }
    await progress(world, killed.at(-1) ?? "nothing");
    await world.stopWriters();
  } finally {
    end.abort();
  }
  const readings = await Promise.all(readers);
  const histories = await Promise.all(
    ["acme", "globex"].map((tenant) => readHistory(world.postgres().connection, tenant, journalsOf(world, tenant))),
  );
  return {
    killed,
    acknowledged: world.acks(),
    answeredReads: readings.reduce((sum, { answered }) => sum + answered, 0),
    revisions: histories.reduce((sum, { revisions }) => sum + revisions.length, 0),
    problems: [
      ...histories.flatMap(checkHistory),
      ...readings.flatMap(({ violations }) => violations.map((entry) => JSON.stringify(entry))),
    ],
  };
}

async function progress(world: World, after: string): Promise<void> {
  const goal = world.acks() + ACKS_BETWEEN;
  await waitFor(
    `${ACKS_BETWEEN} more acknowledged writes after the death of ${after}`,
    () => world.acks() >= goal,
    RECOVERY_MS,
  );
}

async function kill(world: World, victim: Victim, random: Random): Promise<void> {
  switch (victim) {
    case "relata":
      await world.relata().kill();
      return await world.startRelata();
    case "postgres":
      process.kill(world.postgres().pid, "SIGKILL");
      return await world.startPostgres();
    case "relata and postgres":
      process.kill(world.postgres().pid, "SIGKILL");
      await world.relata().kill();
      await Promise.all([world.startPostgres(), world.startRelata()]);
      return;
    case "backend": {
      // PostgreSQL takes the death of one of its processes for memory gone bad, and starts again by itself.
      const pid = await findBackend(world.postgres());
      if (pid !== undefined) process.kill(pid, "SIGKILL");
      return;
    }
    case "writer": {
      const spec = WRITERS[random.below(WRITERS.length)];
      if (spec === undefined) return;
      await world.killWriter(spec.name);
      world.startWriter(spec, random.below(2 ** 31));
    }
  }
}

function journalsOf(world: World, tenant: string): readonly JournalEntry[] {
  const specs = WRITERS.filter((spec) => spec.tenant === tenant);
  return specs.flatMap(({ name }) => readJournal(join(world.directory, `${name}.jsonl`)));
}
