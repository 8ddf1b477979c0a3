import fc from "fast-check";
import type { TupleChange } from "../../src/model/change.ts";
import type { Revision } from "../../src/model/revision.ts";
import type { TupleUpdate } from "../../src/model/store.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { tuples } from "../support/arbitrary-needs.ts";

const ORIGIN = { actor: "test", requestId: "test" };

/** What one revision does: no two updates of the same tuple. */
export const revisionUpdates: fc.Arbitrary<readonly TupleUpdate[]> = fc
  .tuple(tuples, fc.infiniteStream(fc.constantFrom("touch", "touch", "delete")))
  .map(([list, operations]) => {
    const kinds = operations[Symbol.iterator]();
    return list.slice(0, 8).map((tuple) => ({ operation: kinds.next().value as "touch" | "delete", tuple }));
  });

/** A tenant in the reference store, whose history grows. */
export class SourceWorld {
  readonly store: ReturnType<typeof createMemoryStore>;
  head: Revision = 0;
  readonly #tenant: Tenant;

  private constructor(tenant: Tenant, store: ReturnType<typeof createMemoryStore>) {
    this.#tenant = tenant;
    this.store = store;
  }

  static async create(): Promise<SourceWorld> {
    const store = createMemoryStore({ now: () => 0 });
    return new SourceWorld(await store.tenants.create({ slug: "acme" }, ORIGIN), store);
  }

  get tenant(): Tenant {
    return this.#tenant;
  }

  async write(updates: readonly TupleUpdate[]): Promise<void> {
    const request = { updates, preconditions: [], schemaVersion: 0, nowMs: 0, origin: ORIGIN };
    this.head = (await this.store.tuples.write(this.#tenant, request)).head.revision;
  }

  async changesOf(revision: Revision): Promise<readonly TupleChange[]> {
    const { revisions } = await this.store.changes.since(this.#tenant, revision - 1, 1);
    return revisions[0]?.changes ?? [];
  }

  /** The answer that every other source is held against. */
  source(revision: Revision) {
    return this.store.tuples.source(this.#tenant, revision);
  }
}
