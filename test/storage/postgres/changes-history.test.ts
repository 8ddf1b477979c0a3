import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StoredTuple, TupleChange } from "../../../src/model/change.ts";
import type { Store, TupleUpdate } from "../../../src/model/store.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import { withClient } from "../../support/postgres-template.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "../drafts.ts";
import { decodeBatch, keyText, storedText } from "../stored-text.ts";
import { openStore } from "./open.ts";

/** Few names, so that tuples come, go, change and come back. */
const update: fc.Arbitrary<TupleUpdate> = fc.record({
  operation: fc.constantFrom("touch", "touch", "delete"),
  tuple: fc.record(
    {
      objectType: fc.constant("document"),
      objectId: fc.constantFrom("a", "b"),
      relation: fc.constantFrom("viewer", "owner"),
      subjectType: fc.constant("group"),
      subjectId: fc.constantFrom("eng", "*"),
      subjectRelation: fc.constantFrom("", "member"),
      caveat: fc.record({ name: fc.constant("office"), context: fc.record({ n: fc.nat({ max: 2 }) }) }),
      expiresAtMs: fc.constantFrom(1_234, 4e12),
    },
    { requiredKeys: ["objectType", "objectId", "relation", "subjectType", "subjectId", "subjectRelation"] },
  ),
}) as fc.Arbitrary<TupleUpdate>;
const write = fc.uniqueArray(update, { maxLength: 5, selector: ({ tuple }) => keyText(tuple) });

type State = Map<string, StoredTuple>;

function apply(state: State, changes: readonly TupleChange[]): void {
  for (const change of changes) {
    const key = keyText(change.tuple);
    if (change.kind === "put") state.set(key, change.tuple);
    else if (!state.delete(key)) throw new Error(`${key} was removed, but was not there`);
  }
}

const textOf = (state: State) => [...state.values()].map(storedText).sort();

async function snapshotOf(store: Store, tenant: Tenant) {
  const { head, batches } = await store.changes.snapshot(tenant);
  const state: State = new Map();
  for await (const batch of batches) for (const tuple of decodeBatch(batch)) state.set(keyText(tuple), tuple);
  return { head, state };
}

/** The same by the ordinary way of reading. */
async function pageAt(store: Store, tenant: Tenant, revision: number): Promise<readonly string[]> {
  const tuples = await store.tuples.page(tenant, { revision, nowMs: undefined, filter: {}, limit: 10_000 });
  return tuples
    .map(({ caveat, ...rest }) =>
      storedText({
        ...rest,
        ...(caveat !== undefined && { caveat: { name: caveat.name, contextJson: JSON.stringify(caveat.context) } }),
      }),
    )
    .sort();
}

describe("a snapshot and the changes after it", () => {
  let opened: Awaited<ReturnType<typeof openStore>>;
  beforeAll(async () => {
    opened = await openStore();
  });
  afterAll(() => opened.close());

  it("are the state at every revision, from wherever the snapshot was taken and however the pages fall", async () => {
    const { store } = opened;
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { minLength: 2, maxLength: 8 }),
        fc.nat({ max: 8 }),
        fc.integer({ min: 1, max: 6 }),
        async (writes, from, limit) => {
          const tenant = await createTenant(store);
          let taken = await snapshotOf(store, tenant);
          for (const [index, updates] of writes.entries()) {
            await store.tuples.write(tenant, { ...draft([]), updates });
            if (index + 1 === from) taken = await snapshotOf(store, tenant);
          }
          let { head } = taken;
          expect(textOf(taken.state)).toEqual(await pageAt(store, tenant, head.revision));
          for (let complete = false; !complete; ) {
            const page = await store.changes.since(tenant, head.revision, limit);
            expect(page.base).toEqual(head);
            for (const revision of page.revisions) {
              expect(revision.head.revision).toBe(head.revision + 1);
              ({ head } = revision);
              apply(taken.state, revision.changes);
              changed += revision.changes.length;
              expect(textOf(taken.state)).toEqual(await pageAt(store, tenant, head.revision));
            }
            ({ complete } = page);
          }
          expect(head).toEqual(await store.revisions.head(tenant));
        },
      ),
      { numRuns: 60 },
    );
    expect(changed).toBeGreaterThan(200);
  });

  it("are one revision exactly, whoever writes meanwhile", async () => {
    const { store } = opened;
    const tenant = await createTenant(store);
    const name = (i: number) => `document:d${i}#viewer@user:u`;
    await store.tuples.write(tenant, draft(Array.from({ length: 1000 }, (_, i) => `create ${name(i)}`)));
    let done = false;
    // Each write moves a tuple: a snapshot that mixed revisions would have one too many or too few.
    const writers = [0, 1].map(async (writer) => {
      for (let i = writer; !done; i += 2) {
        const [gone, come] = [i % 1000, 1000 + (i % 1000)];
        const back = Math.floor(i / 1000) % 2 === 1;
        await store.tuples.write(
          tenant,
          draft([`delete ${name(back ? come : gone)}`, `touch ${name(back ? gone : come)}`]),
        );
      }
    });
    const revisions = new Set<number>();
    for (let round = 0; round < 15; round += 1) {
      const { head, state } = await snapshotOf(store, tenant);
      revisions.add(head.revision);
      expect(state.size).toBe(1000);
      expect(textOf(state)).toEqual(await pageAt(store, tenant, head.revision));
    }
    done = true;
    await Promise.all(writers);
    expect(revisions.size).toBeGreaterThan(5);
  });

  it("do not fit once the database has been restored: the base is another, or none", async () => {
    const { store, database } = opened;
    const tenant = await createTenant(store);
    for (const i of [1, 2, 3]) await store.tuples.write(tenant, draft([`create document:d${i}#viewer@user:u`]));
    const known = await store.revisions.head(tenant);
    // As a copy of the time of revision 1 would be.
    await withClient(database.owner, async (client) => {
      await client.query("BEGIN");
      await client.query("SELECT set_config('relata.tenant_id', $1, true)", [tenant.id]);
      await client.query("DELETE FROM relata.tuple WHERE created_rev > 1");
      await client.query("DELETE FROM relata.revision WHERE revision > 1");
      await client.query("UPDATE relata.tenant_head SET revision = 1");
      await client.query("COMMIT");
    });
    expect(await store.changes.since(tenant, known.revision, 10)).toMatchObject({ base: undefined, revisions: [] });
    expect(await store.changes.since(tenant, 1, 10)).toMatchObject({ base: { revision: 1 }, revisions: [] });
    // And the history goes on, past what was known.
    for (const i of [4, 5, 6]) await store.tuples.write(tenant, draft([`create document:d${i}#viewer@user:u`]));
    const { base, revisions } = await store.changes.since(tenant, known.revision, 10);
    expect(base?.revision).toBe(known.revision);
    expect(base?.committedAtMs).toBeGreaterThan(known.committedAtMs);
    expect(revisions.map(({ head }) => head.revision)).toEqual([4]);
  });

  it("tell a deletion by filter tuple by tuple", async () => {
    const { store } = opened;
    const tenant = await createTenant(store);
    await store.tuples.write(tenant, draft(["a", "b", "c"].map((id) => `create document:${id}#viewer@user:u`)));
    const request = { preconditions: [], limit: 2, allowPartial: true, nowMs: NOW_MS, origin: ORIGIN };
    await store.tuples.deleteMatching(tenant, { filter: { objectType: "document" }, ...request });
    const { revisions } = await store.changes.since(tenant, 1, 1);
    expect(
      revisions.map(({ changes }) => changes.map(({ kind, tuple }) => `${kind} ${tuple.objectId}`).sort()),
    ).toEqual([["remove a", "remove b"]]);
  });
});
