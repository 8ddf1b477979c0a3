import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MergeGroup, type MergeSource, mergeScans } from "../../src/service/ordered-merge.ts";

interface Row {
  readonly id: string;
  /** Orders rows of one id. */
  readonly detail: number;
}

interface Scan {
  readonly source: number;
  readonly after?: Row;
}

/** A store of sorted lists that counts what is read of it. */
function createStore(lists: readonly (readonly Row[])[]) {
  const fetches: { scans: number; limit: number }[] = [];
  const read = lists.map(() => 0);
  return {
    fetches,
    read,
    options: {
      fetch: (scans: readonly Scan[], limit: number) => {
        fetches.push({ scans: scans.length, limit });
        return Promise.resolve(
          scans.map(({ source, after }) => {
            const rows = (lists[source] ?? []).filter((row) => after === undefined || compare(row, after) > 0);
            const page = rows.slice(0, limit);
            read[source] = (read[source] ?? 0) + page.length;
            return page;
          }),
        );
      },
      idOf: (row: Row) => row.id,
      continueAfter: ({ source }: Scan, after: Row) => ({ source, after }),
    },
  };
}

function compare(a: Row, b: Row): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : a.detail - b.detail;
}

function plainly(lists: readonly (readonly Row[])[]): MergeGroup<Row>[] {
  const groups = new Map<string, { source: number; row: Row }[]>();
  lists.forEach((rows, source) => {
    for (const row of rows) groups.set(row.id, [...(groups.get(row.id) ?? []), { source, row }]);
  });
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, hits]) => ({ id, hits }));
}

async function collect(groups: AsyncIterable<MergeGroup<Row>>): Promise<MergeGroup<Row>[]> {
  const all: MergeGroup<Row>[] = [];
  for await (const group of groups) all.push(group);
  return all;
}

function scansOf(lists: readonly unknown[]): MergeSource<Row, Scan>[] {
  return lists.map((_, source) => ({ kind: "scan", scan: { source } }));
}

function rowsFrom(ids: readonly number[]): Row[] {
  const seen = new Map<string, number>();
  return ids
    .map((n) => `id${String(n).padStart(6, "0")}`)
    .sort()
    .map((id) => {
      const detail = (seen.get(id) ?? 0) + 1;
      seen.set(id, detail);
      return { id, detail };
    });
}

describe("merging scans", () => {
  test("is what sorting everything is, for any number of sources, any batch, rows that share an id", async () => {
    const list = fc.array(fc.nat(40), { maxLength: 60 }).map(rowsFrom);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ list, inMemory: fc.boolean() }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 200 }),
        async (drafts, maxBuffered) => {
          const lists = drafts.map((draft) => draft.list);
          const store = createStore(lists);
          const sources = drafts.map(
            ({ list: rows, inMemory }, source): MergeSource<Row, Scan> =>
              inMemory ? { kind: "rows", rows } : { kind: "scan", scan: { source } },
          );
          expect(await collect(mergeScans(sources, { ...store.options, maxBuffered }))).toEqual(plainly(lists));
        },
      ),
      { numRuns: 400 },
    );
  });

  test("nothing is read before it is asked for, and no more than a batch beyond", async () => {
    const lists = [rowsFrom([...Array(5000).keys()]), rowsFrom([...Array(5000).keys()])];
    const store = createStore(lists);
    const groups = mergeScans(scansOf(lists), store.options);
    expect(store.fetches).toEqual([]);
    for (let i = 0; i < 60; i++) await groups.next();
    expect(store.read).toEqual([64, 64]);
    expect(store.fetches).toHaveLength(1);
    await groups.return();
    expect(store.fetches).toHaveLength(1);
  });

  test("rows in memory are pulled as they are due", async () => {
    let pulled = 0;
    function* rows() {
      for (const row of rowsFrom([...Array(5000).keys()])) {
        pulled += 1;
        yield row;
      }
    }
    const groups = mergeScans<Row, Scan>([{ kind: "rows", rows: rows() }], createStore([]).options);
    expect(pulled).toBe(0);
    for (let i = 0; i < 10; i++) await groups.next();
    expect(pulled).toBeLessThanOrEqual(64);
  });

  test("one round trip refills all sources that run low", async () => {
    const lists = Array.from({ length: 50 }, (_, k) => rowsFrom(Array.from({ length: 1000 }, (_n, i) => i * 50 + k)));
    const store = createStore(lists);
    await collect(mergeScans(scansOf(lists), store.options));
    // 64, 128, 256, 512, 1000 (one is left over): as many round trips for 50 sources in step as for one.
    expect(store.fetches.length).toBeLessThanOrEqual(8);
  });

  test("a dense source among thousands of sparse ones is read in large batches", async () => {
    const sparse = Array.from({ length: 12_000 }, (_, k) => rowsFrom([0, 1, 2, 3, 4, 5].map((i) => i * 10_000 + k)));
    const lists = [rowsFrom([...Array(60_000).keys()]), ...sparse];
    const store = createStore(lists);
    const groups = await collect(mergeScans(scansOf(lists), store.options));
    expect(groups).toHaveLength(new Set(lists.flat().map(({ id }) => id)).size);
    expect(store.fetches.filter(({ scans }) => scans < 100).length).toBeLessThan(200);
    for (const { scans } of store.fetches) expect(scans).toBeLessThanOrEqual(2000);
  });

  test("sources one behind the other are not read one by one", async () => {
    const lists = Array.from({ length: 20_000 }, (_, k) => rowsFrom(Array.from({ length: 20 }, (_n, i) => k * 20 + i)));
    const store = createStore(lists);
    const groups = await collect(mergeScans(scansOf(lists), store.options));
    expect(groups).toHaveLength(400_000);
    expect(store.fetches.length).toBeLessThan(lists.length / 32);
  });

  test("what is held stays bounded while many sources are refilled", async () => {
    const lists = Array.from({ length: 300 }, (_, k) =>
      rowsFrom(Array.from({ length: 300 }, (_n, i) => i * 300 + k * k)),
    );
    const store = createStore(lists);
    const maxBuffered = 2000;
    let given = 0;
    for await (const { hits } of mergeScans(scansOf(lists), { ...store.options, maxBuffered })) {
      given += hits.length;
      const held = store.read.reduce((sum, rows) => sum + rows, 0) - given;
      expect(held).toBeLessThanOrEqual(maxBuffered * 1.25 + 4 * lists.length);
    }
    expect(given).toBe(90_000);
  });

  test("a failing fetch is the merge's failure", async () => {
    const options = { ...createStore([]).options, fetch: () => Promise.reject(new Error("the store is gone")) };
    await expect(collect(mergeScans(scansOf([1]), options))).rejects.toThrow("the store is gone");
  });
});
