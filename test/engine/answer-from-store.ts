import { planSchema } from "../../src/engine/plan.ts";
import { startCheck } from "../../src/engine/solver.ts";
import type { Store } from "../../src/model/store.ts";
import { drive } from "../../src/service/drive.ts";
import type { World } from "../support/arbitrary.ts";
import type { Answerer } from "./random-checks.ts";
import { PLENTY } from "./random-checks.ts";

const ORIGIN = { actor: "test", requestId: "test" };
const MAX_UPDATES = 1_000;

/** Stores a world as a tenant of its own. @returns the reader of its tuples at the newest revision */
export async function storeWorld(store: Store, slug: string, { text, tuples }: Pick<World, "text" | "tuples">) {
  const tenant = await store.tenants.create({ slug }, ORIGIN);
  let head = await store.schemas.write(tenant, { text, expectedVersion: 0, strands: [], origin: ORIGIN });
  for (let start = 0; start < tuples.length; start += MAX_UPDATES) {
    const updates = tuples.slice(start, start + MAX_UPDATES).map((tuple) => ({ operation: "create" as const, tuple }));
    const { schemaVersion } = head;
    ({ head } = await store.tuples.write(tenant, {
      updates,
      preconditions: [],
      schemaVersion,
      nowMs: 0,
      origin: ORIGIN,
    }));
  }
  return store.tuples.source(tenant, head.revision);
}

export interface StoreAnswerer {
  readonly answer: Answerer;
  /** Round trips and tuples over all worlds. */
  readonly cost: { rounds: number; rows: number };
}

/** Every world becomes a tenant, and its questions one batch. */
export function answerFromStore(store: Store): StoreAnswerer {
  const cost = { rounds: 0, rows: 0 };
  let worlds = 0;
  return {
    cost,
    answer: async (world, questions) => {
      worlds += 1;
      const source = await storeWorld(store, `world-${worlds}`, world);
      const plan = planSchema(world.schema);
      const solvers = questions.map((question) => startCheck(plan, question, PLENTY));
      const { rounds, rows } = await drive(solvers, source, PLENTY);
      cost.rounds += rounds;
      cost.rows += rows;
      return solvers.map((solver) => solver.decision().kind === "allowed");
    },
  };
}
