import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import pg from "pg";
import { expect, test } from "vitest";
import type { TupleSource } from "../../src/model/need.ts";
import type { Store } from "../../src/model/store.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { openRoom, type Room } from "./lookup-subjects-room.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const MEMBERS = 1_000_000;
const BANNED = 1000;
const MIB = 1024 * 1024;
const TEXT = `definition user {}
definition group {
  relation member: user | group#member
}
definition document {
  relation viewer: user | group#member
  relation active: user
  relation banned: user
  permission view = viewer
  permission allowed = (viewer & active) - banned
}`;

test("1,000,000 subjects on Postgres, page by page in bounded memory", { timeout: 600_000 }, async () => {
  await using database = await createTestDatabase();
  const postgres = await createPostgresStore({ connection: database.app });
  const { store, seen } = counting(postgres);
  try {
    const tuples = ["document:1#viewer@group:all#member", "group:all#member@user:u0", "document:1#active@user:u0"];
    const room = await openRoom(TEXT, tuples, store);
    await multiply(database.superuser ?? database.owner);
    for (const [permission, found] of [
      ["view", MEMBERS],
      ["allowed", MEMBERS - BANNED],
    ] as const) {
      seen.rows = 0;
      const run = await listAll(room, `document:1#${permission}`);
      console.log(`${permission}:`, { ...run, rows: seen.rows });
      expect(run.results).toBe(found);
      expect(run.firstPageMs).toBeLessThan(run.allMs / 20);
      const [early = 0] = run.heldMiB;
      expect(Math.max(...run.heldMiB) - early).toBeLessThan(10);
      expect(seen.rows).toBeLessThan(3 * MEMBERS);
    }
    const cancelledMs = await cancelMidway(room);
    console.log("cancelled within", cancelledMs, "ms");
    expect(cancelledMs).toBeLessThan(100);
  } finally {
    await postgres.close();
  }
});

async function listAll(room: Room, question: string) {
  const begin = performance.now();
  let [results, pages, firstPageMs] = [0, 0, 0];
  const heldMiB: number[] = [];
  let last = "";
  for await (const page of room.pages(question, "user")) {
    if (!("results" in page)) continue;
    if (pages === 0) firstPageMs = performance.now() - begin;
    pages += 1;
    for (const { id } of page.results) {
      if (id <= last) throw new Error(`${id} after ${last}`);
      last = id;
    }
    results += page.results.length;
    if (pages % 200 === 0) heldMiB.push(heldNow());
  }
  const allMs = Math.round(performance.now() - begin);
  const rssMiB = Math.round(process.memoryUsage.rss() / MIB);
  return { results, pages, firstPageMs: Math.round(firstPageMs), allMs, heldMiB, rssMiB };
}

/** What the heap still holds after a collection. */
function heldNow(): number {
  collectGarbage();
  return Math.round(process.memoryUsage().heapUsed / MIB);
}

async function cancelMidway(room: Room): Promise<number> {
  const abort = new AbortController();
  let abortedAt = 0;
  const pages = room.pages("document:1#allowed", "user", { call: { ...room.call, signal: abort.signal } });
  try {
    for await (const page of pages) {
      if (abortedAt > 0 || !("results" in page) || page.results.length < 1000) continue;
      setTimeout(() => {
        abortedAt = performance.now();
        abort.abort();
      }, 5);
    }
  } catch {
    return Math.round(performance.now() - abortedAt);
  }
  throw new Error("the lookup went on to its end");
}

function counting(store: Store) {
  const seen = { rows: 0 };
  const source: Store["tuples"]["source"] = (place, revision, signal): TupleSource => {
    const inner = store.tuples.source(place, revision, signal);
    return {
      ...inner,
      scanSubjects: async (scans, limit) => {
        const answers = await inner.scanSubjects(scans, limit);
        for (const answer of answers) seen.rows += answer.length;
        return answers;
      },
    };
  };
  return { seen, store: { ...store, tuples: { ...store.tuples, source } } };
}

/** Copies the rows of user `u0` under other ids, and bans one in a thousand. */
async function multiply(connection: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query<{ column_name: string }>(
      `SELECT column_name FROM information_schema.columns
       WHERE table_schema = 'relata' AND table_name = 'tuple' AND is_generated = 'NEVER' ORDER BY ordinal_position`,
    );
    const columns = rows.map((row) => row.column_name);
    const insert = (values: Readonly<Record<string, string>>, step: number, from: string) =>
      client.query(
        `INSERT INTO relata.tuple (${columns.join(", ")}) SELECT ${columns.map((name) => values[name] ?? name).join(", ")}
         FROM relata.tuple, generate_series(1, ${MEMBERS - 1}, ${step}) AS n WHERE subject_id = 'u0' AND relation = '${from}'`,
      );
    await insert({ subject_id: "'u' || n" }, 1, "member");
    await insert({ subject_id: "'u' || n" }, 1, "active");
    await insert({ subject_id: "'u' || n", relation: "'banned'" }, MEMBERS / BANNED, "active");
    await client.query("ANALYZE relata.tuple");
  } finally {
    await client.end();
  }
}
