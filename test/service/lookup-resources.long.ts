import { expect, test } from "vitest";
import { loadTuples } from "../../bench/lookup/load.ts";
import { reachableDocuments } from "../../bench/workloads/reachable-documents.ts";
import type { Store } from "../../src/model/store.ts";
import type { LookupPage } from "../../src/service/lookup-page.ts";
import { openStore } from "../storage/postgres/open.ts";
import { openRooms } from "./lookup-resources-room.ts";

const TUPLES = 1_000_000;
const RESULTS = 100_000;
const MIB = 1024 * 1024;

test(`${RESULTS} results of ${TUPLES} tuples on Postgres, streamed`, { timeout: 600_000 }, async () => {
  const { store, database, close } = await openStore();
  try {
    const work = reachableDocuments(TUPLES, RESULTS);
    const counted = countRows(store);
    const room = await openRooms(counted.store).enter({ schema: work.schema, tuples: [] });
    await loadTuples(database.owner, room.call.tenant, work.generate());
    for (const { permission, results } of [work.plain, work.checked]) {
      const ask = (signal?: AbortSignal) =>
        room.ask(`document#${permission}`, "user:anne", signal === undefined ? {} : { signal });
      const whole = await drainTimed(ask(), counted.rows);
      console.log(`document#${permission}:`, whole);
      expect(whole.results).toBe(results);
      // Results come before the rest has been read, and what was read is not kept.
      expect(whole.scannedAtFirst).toBeLessThan(RESULTS / 4);
      expect(whole.grownMiB).toBeLessThan(150);

      const silenceMs = await cancelMidway(ask);
      console.log(`document#${permission}: silent ${silenceMs} ms after the cancel`);
      expect(silenceMs).toBeLessThan(100);
    }
  } finally {
    await close();
  }
});

async function drainTimed(pages: AsyncIterable<LookupPage>, rows: { read: number; scanned: number }) {
  Object.assign(rows, { read: 0, scanned: 0, calls: 0 });
  globalThis.gc?.();
  const [begin, rssBefore] = [performance.now(), process.memoryUsage.rss()];
  let [results, firstPageMs, scannedAtFirst, last, peak] = [0, 0, 0, "", rssBefore];
  for await (const page of pages) {
    if (!("results" in page)) throw new Error("a count in place of results");
    if (results === 0) {
      firstPageMs = performance.now() - begin;
      scannedAtFirst = rows.scanned;
    }
    for (const { id } of page.results) {
      if (id <= last) throw new Error(`${id} after ${last}`);
      last = id;
    }
    results += page.results.length;
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  const allMs = Math.round(performance.now() - begin);
  const grownMiB = Math.round((peak - rssBefore) / MIB);
  return { results, firstPageMs: Math.round(firstPageMs), scannedAtFirst, allMs, grownMiB, ...rows };
}

/** @returns milliseconds from the abort to the end of the stream */
async function cancelMidway(ask: (signal: AbortSignal) => AsyncIterable<LookupPage>): Promise<number> {
  const controller = new AbortController();
  let [abortedAt, results] = [0, 0];
  try {
    for await (const page of ask(controller.signal)) {
      if (!("results" in page)) continue;
      results += page.results.length;
      if (abortedAt > 0 || results < 2000) continue;
      abortedAt = Number.POSITIVE_INFINITY;
      setTimeout(() => {
        abortedAt = performance.now();
        controller.abort();
      }, 5);
    }
  } catch {
    return Math.round(performance.now() - abortedAt);
  }
  throw new Error("the lookup went on to its end");
}

function countRows(store: Store) {
  const rows = { read: 0, scanned: 0, calls: 0 };
  const source: Store["tuples"]["source"] = (place, revision, signal) => {
    const inner = store.tuples.source(place, revision, signal);
    return {
      ...inner,
      read: async (needs, maxRows) => {
        const answers = await inner.read(needs, maxRows);
        for (const answer of answers) rows.read += answer.length;
        rows.calls += 1;
        return answers;
      },
      scanObjects: async (scans, limit) => {
        const answers = await inner.scanObjects(scans, limit);
        for (const answer of answers) rows.scanned += answer.length;
        rows.calls += 1;
        return answers;
      },
    };
  };
  return { rows, store: { ...store, tuples: { ...store.tuples, source } } };
}
