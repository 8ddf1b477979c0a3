import { type Draft, EVERYTHING, IDS, randomDraft } from "../support/arbitrary.ts";
import { judgeByTwin } from "../support/arbitrary-caveats.ts";
import { printCase, shrink } from "../support/arbitrary-shrink.ts";
import type { Asking, World } from "../support/arbitrary-world.ts";
import {
  build,
  buildFit,
  everyQuestion,
  knowsSubject,
  oracleOf,
  overlay,
  placesOf,
  randomAsking,
  randomQuestions,
  STRANGE_ID,
} from "../support/arbitrary-world.ts";
import type { Random } from "../support/random.ts";
import { pick, seeded } from "../support/random.ts";
import { agreeOnChecks, agreeOnExplanation } from "./agree-checks.ts";
import { agreeOnTree } from "./agree-expand.ts";
import { agreeOnResources, type Ways } from "./agree-resources.ts";
import { agreeOnSubjects } from "./agree-subjects.ts";
import { answersIn, createRoom, createTally, Disagreement, type Room, type Tally } from "./room.ts";
import type { Service } from "./service.ts";

export interface Comparison {
  readonly tally: Tally;
  worlds: number;
  /** Random schemas the compiler refused. */
  refused: number;
}

/** Some verbs, asked some questions. */
type Part = (random: Random, room: Room, draft: Draft, asking: Asking, tally: Tally) => Promise<void>;

/** Requests of so many subjects, each with a context of its own, in every world. */
const ASKINGS = 5;

/**
 * Random worlds, each asked in every way, until `answers` were compared with the oracle's.
 * @throws Error with the smallest scenario that shows a disagreement
 */
export async function compareVerbs(
  service: Service,
  answers: number,
  firstSeed: number,
  parts: readonly Part[] = Object.values(PARTS),
): Promise<Comparison> {
  const total: Comparison = { tally: createTally(), worlds: 0, refused: 0 };
  for (let seed = firstSeed; answersIn(total.tally) < answers; seed++) {
    const random = seeded(seed);
    const draft = randomDraft(random, EVERYTHING);
    const world = build(draft);
    if (world === undefined) {
      total.refused += 1;
      continue;
    }
    total.worlds += 1;
    const roomFor = await enterWorld(service, draft, world);
    for (let i = 0; i < ASKINGS; i++) {
      const asking = randomAsking(random, draft, EVERYTHING);
      for (const part of parts) {
        const partSeed = Math.floor(random() * 2 ** 32);
        try {
          await part(seeded(partSeed), roomFor(asking), draft, asking, total.tally);
        } catch (error) {
          if (!(error instanceof Disagreement)) throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
          const small = await smallest(service, draft, asking, error, (room, tally, candidate) =>
            part(seeded(partSeed), room, candidate, asking, tally),
          );
          throw new Error(`seed ${seed}: ${small}`);
        }
      }
    }
  }
  return total;
}

/** Stores the world. @returns the rooms of requests about it */
async function enterWorld(service: Service, draft: Draft, world: World): Promise<(asking: Asking) => Room> {
  const call = await service.enter(world);
  const oracleFor = oracleOf(draft, world);
  return (asking) => {
    const { context } = asking;
    const contextualTuples = asking.contextual ? world.contextual : [];
    const tuples = overlay(world.tuples, contextualTuples);
    const ids = [...IDS, STRANGE_ID];
    const parts = { verbs: service.verbs, call, context, contextualTuples, tuples, ids, judge: judgeByTwin };
    return createRoom(parts, oracleFor(asking));
  };
}

function randomWays(random: Random, { ids }: Room): Ways {
  return { pageSizes: [pick(random, [1, 2, 7])], candidateIds: ids.filter(() => random() < 0.5) };
}

export const PARTS = {
  checks: (random, room, draft, { subject }, tally) =>
    agreeOnChecks(room, everyQuestion(draft, subject), randomQuestions(random, draft, subject, 12), tally),

  explanations: async (random, room, draft, { subject }, tally) => {
    for (const question of randomQuestions(random, draft, subject, 3)) await agreeOnExplanation(room, question, tally);
  },

  resources: async (random, room, draft, { subject }, tally) => {
    for (let i = 0; i < 5; i++) {
      const grants = { ...pick(random, placesOf(draft)), subject };
      await agreeOnResources(room, grants, randomWays(random, room), tally);
    }
  },

  subjects: async (random, room, draft, _asking, tally) => {
    for (let i = 0; i < 5; i++) {
      const { type, member } = pick(random, placesOf(draft));
      const object = { type, id: pick(random, random() < 0.05 ? [STRANGE_ID] : IDS) };
      const kind = randomSubjectKind(random, draft);
      await agreeOnSubjects(room, { object, member, ...kind }, randomWays(random, room), tally);
    }
  },

  trees: async (random, room, draft, { subject, contextual }, tally) => {
    if (contextual) return;
    const { type, member } = pick(random, placesOf(draft));
    const users = room.ids.map((id) => ({ type: "user", id, relation: "" }));
    await agreeOnTree(room, { type, id: pick(random, IDS) }, member, [subject, ...users], tally);
  },
} satisfies Record<string, Part>;

function randomSubjectKind(random: Random, draft: Draft) {
  const draw = random();
  if (draw < 0.6) return { subjectType: "user", subjectRelation: "" };
  if (draw < 0.75) return { subjectType: pick(random, draft.types).name, subjectRelation: "" };
  const { type, member } = pick(random, placesOf(draft));
  return { subjectType: type, subjectRelation: member };
}

async function smallest(
  service: Service,
  draft: Draft,
  asking: Asking,
  first: Disagreement,
  judge: (room: Room, tally: Tally, candidate: Draft) => Promise<void>,
): Promise<string> {
  const disagreementIn = async (candidate: Draft): Promise<Disagreement | undefined> => {
    const world = buildFit(candidate);
    if (world === undefined || !knowsSubject(world, asking.subject)) return undefined;
    try {
      await judge((await enterWorld(service, candidate, world))(asking), createTally(), candidate);
      return undefined;
    } catch (error) {
      return error instanceof Disagreement ? error : undefined;
    }
  };
  const found = await shrink(draft, async (candidate) => (await disagreementIn(candidate)) !== undefined);
  const { message, question } = (await disagreementIn(found)) ?? first;
  return `${message}. The smallest case:\n${printCase(found, question, asking)}`;
}
