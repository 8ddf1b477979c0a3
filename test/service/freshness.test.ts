import { beforeEach, expect, test } from "vitest";
import type { Holding } from "../../src/model/residency.ts";
import type { Head, Revision } from "../../src/model/revision.ts";
import { createRevisionChooser } from "../../src/service/choose-revision.ts";
import { createHeadCache } from "../../src/service/head-cache.ts";

/** What is known late or twice, at instants that are told: no process gets back behind what it has shown. */

const TENANT = { id: "00000000-0000-4000-8000-000000000001", bucket: 0 };
const MAX_STALENESS_MS = 1_000;
const WANTED = { consistency: { kind: "minimize_latency" }, nowMs: 0 } as const;

let atMs: number;
let newest: Revision;
let memory: { applied: Head; confirmedAtMs: number };

beforeEach(() => {
  atMs = 0;
  newest = 2;
  memory = { applied: headAt(2), confirmedAtMs: 0 };
});

function headAt(revision: Revision): Head {
  return { revision, schemaName: "acme", schemaVersion: 1, committedAtMs: revision };
}

/** A process whose memory is what the test says, and does not move by itself. */
function createProcess() {
  const holding: Holding = {
    get applied() {
      return memory.applied;
    },
    get confirmedAtMs() {
      return memory.confirmedAtMs;
    },
    learn: () => undefined,
    reach: async () => false,
    headAt: () => undefined,
    graphAt: () => undefined,
    source: () => expect.fail("nothing is read"),
  };
  const revisions = { head: async () => headAt(newest), at: async () => undefined };
  const monotonic = () => atMs;
  const options = { maxStalenessMs: MAX_STALENESS_MS, tokenWaitMs: 1, readableWindowMs: 1, monotonic };
  const heads = createHeadCache(revisions, { ...options, residency: { known: () => holding as never } });
  const chooser = createRevisionChooser(revisions, heads, options);
  const answeredAt = async () =>
    (chooser.now(TENANT, holding, WANTED) ?? (await chooser.choose(TENANT, holding, WANTED))).revision;
  return { heads, answeredAt };
}

test("what another request's head showed is not taken back when an older read confirms memory late", async () => {
  const { heads, answeredAt } = createProcess();
  atMs = 900;
  newest = 3;
  await heads.fresh(TENANT);
  atMs = 1_100;
  expect(await answeredAt()).toBe(3);
  // Begun before revision 3 was written, and answered only now.
  memory.confirmedAtMs = 400;
  expect(await answeredAt()).toBe(3);
});

test("memory that has got further than a recent head is no older than that head, confirmed or not", async () => {
  const { heads, answeredAt } = createProcess();
  atMs = 500;
  newest = 3;
  await heads.fresh(TENANT);
  // A page of changes that is not the last confirms nothing.
  memory.applied = headAt(4);
  expect(await answeredAt()).toBe(4);
  atMs = 1_100;
  expect(await answeredAt()).toBe(4);
});
