import type { Store } from "../../src/model/store.ts";
import type { Tuple } from "../../src/model/tuple.ts";

const ORIGIN = { actor: "test", requestId: "test" };
const MAX_UPDATES = 1_000;

interface World {
  readonly text: string;
  readonly tuples: readonly Tuple[];
}

/** Stores a world as a tenant of its own. @returns the reader of its tuples at the newest revision */
export async function storeWorld(store: Store, slug: string, { text, tuples }: World) {
  const tenant = await store.tenants.create({ slug }, ORIGIN);
  let head = await store.schemas.write(tenant, { text, expectedVersion: 0, strands: [], origin: ORIGIN });
  for (let start = 0; start < tuples.length; start += MAX_UPDATES) {
    const updates = tuples.slice(start, start + MAX_UPDATES).map((tuple) => ({ operation: "create" as const, tuple }));
    const { schemaVersion } = head;
    const write = { updates, preconditions: [], schemaVersion, nowMs: 0, origin: ORIGIN };
    ({ head } = await store.tuples.write(tenant, write));
  }
  return store.tuples.source(tenant, head.revision);
}
