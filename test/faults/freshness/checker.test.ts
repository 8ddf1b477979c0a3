import { describe, expect, it } from "vitest";
import { checkFreshness, type FreshnessHistory } from "./checker.ts";
import { FLIPS_SCHEMA, SCHEMAS } from "./flips.ts";
import type { AnswerRecord, WriteRecord } from "./records.ts";

const STALENESS_MS = 100;

/**
 * Revision 1 is the schema's. Anne's folder: 2 lets group g0 see f0, 3 puts u0 into g0, 4 lays d0 into f0, 5 takes u0 out
 * again, 6 lays d1 into f0. Each is acknowledged 10 ms after the one before, the first at 10 ms.
 */
const FLIPS = [
  ["~folder:f0#viewer@group:g0#member"],
  ["~group:g0#member@user:u0"],
  ["~document:d0#parent@folder:f0"],
  ["-group:g0#member@user:u0"],
  ["~document:d1#parent@folder:f0"],
];

function goodHistory(...answers: readonly Partial<AnswerRecord>[]): FreshnessHistory {
  const writes: WriteRecord[] = FLIPS.map((flips, index) => ({
    id: `w/${index}`,
    flips,
    acknowledged: { atMs: 10 * (index + 1), revision: index + 2 },
  }));
  return {
    revisions: [undefined, ...writes.map(({ id }) => id)].map((write) => ({ write, schema: FLIPS_SCHEMA })),
    writes,
    told: [],
    answers: answers.map((answer) => ({ ...GOOD, ...answer })),
    maxStalenessMs: STALENESS_MS,
  };
}

/** u0 may see d0 at revision 4 alone. */
const GOOD: AnswerRecord = {
  node: "a",
  mode: "fully_consistent",
  asked: 0,
  beganAtMs: 35,
  endedAtMs: 36,
  revision: 4,
  ask: { kind: "check", question: "document:d0#view@user:u0" },
  said: "allowed",
  fromMemory: true,
};

describe("checkFreshness", () => {
  it("finds nothing wrong with right answers", () => {
    const history = goodHistory(
      {},
      // Newer than what was acknowledged: the write had happened, and its answer was on its way.
      { revision: 5, said: "denied", endedAtMs: 45 },
      { mode: "minimize_latency", beganAtMs: 131, endedAtMs: 135 },
      { mode: "at_least_as_fresh", asked: 3, beganAtMs: 900, endedAtMs: 901 },
      { mode: "at_exact_snapshot", asked: 4, beganAtMs: 900, endedAtMs: 901 },
      { mode: "at_exact_snapshot", asked: 5, revision: 5, said: "denied", beganAtMs: 900, endedAtMs: 901 },
      { ask: { kind: "resources", user: "u0" }, said: "d0" },
      { ask: { kind: "resources", user: "u0" }, said: "", revision: undefined, beganAtMs: 45, endedAtMs: 46 },
      { ask: { kind: "subjects", object: "group:g0", permission: "member" }, said: "u0" },
    );
    expect(checkFreshness(history)).toEqual([]);
  });

  it.each<[string, Partial<AnswerRecord>, RegExp]>([
    [
      "fully consistent, and older than a write acknowledged before",
      { beganAtMs: 45 },
      /^stale: revision 4, and not 5/,
    ],
    [
      "older than minimize_latency allows",
      { mode: "minimize_latency", beganAtMs: 141 },
      /^stale: revision 4, and not 5/,
    ],
    ["older than its token", { mode: "at_least_as_fresh", asked: 5 }, /^stale: revision 4, and not 5/],
    ["older than its snapshot", { mode: "at_exact_snapshot", asked: 5 }, /^stale/],
    ["newer than its snapshot", { mode: "at_exact_snapshot", asked: 3 }, /^not the snapshot 3/],
    ["wrong where its token says it is right", { said: "denied" }, /^wrong at its own revision 4.*\[allowed\]/],
    // The new enemy: the document of revision 6 judged by the members of revision 4.
    [
      "made of parts of two revisions",
      { revision: 6, ask: { kind: "check", question: "document:d1#view@user:u0" } },
      /^wrong at its own revision 6/,
    ],
    [
      "half of a batch from another revision",
      {
        revision: 5,
        ask: { kind: "batch", questions: ["document:d0#view@user:u0", "group:g0#member@user:u0"] },
        said: "denied allowed",
      },
      /^wrong at its own revision 5, where \[group:g0#member@user:u0 is denied\]/,
    ],
    ["of a revision that never was", { revision: 9 }, /^no such revision: 9 of 6/],
    [
      "empty where there was something at every revision it may have looked at",
      { mode: "at_exact_snapshot", asked: 4, ask: { kind: "resources", user: "u0" }, said: "", revision: undefined },
      /^stale or wrong/,
    ],
  ])("finds an answer that is %s", (_, doctored, problem) => {
    const problems = checkFreshness(goodHistory({}, doctored));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it("judges each revision under its own schema", () => {
    const ask = { kind: "check", question: "document:d0#view@user:u0" } as const;
    const history = goodHistory({ ask, revision: 7, said: "denied" }, { ask, revision: 8, said: "allowed" });
    const flips = ["~group:g0#member@user:u0", "~document:d0#banned@user:u0"];
    const banned = { id: "w/banned", flips, acknowledged: undefined };
    const revisions = [
      ...history.revisions,
      { write: banned.id, schema: FLIPS_SCHEMA },
      { write: undefined, schema: SCHEMAS[1] ?? "" },
    ];
    const changed = { ...history, revisions, writes: [...history.writes, banned] };
    expect(checkFreshness(changed)).toEqual([]);
    expect(checkFreshness({ ...changed, answers: [{ ...GOOD, ask, revision: 8, said: "denied" }] })).toHaveLength(1);
    expect(checkFreshness({ ...changed, told: [{ atMs: 1, revision: 8 }] })).toEqual([
      expect.stringMatching(/^stale: revision 7, and not 8/),
    ]);
  });

  it("takes what one reader was told for known to all", () => {
    const history = goodHistory({ revision: 5, said: "denied", endedAtMs: 37 }, { beganAtMs: 38, endedAtMs: 39 });
    expect(checkFreshness(history)).toEqual([expect.stringMatching(/^stale: revision 4, and not 5/)]);
  });

  it("accepts that a write nobody knows about happened, and lets it count from when it was seen", () => {
    const { writes, ...rest } = goodHistory({ revision: 5, said: "denied" }, { revision: 4, beganAtMs: 35.5 });
    const unknown = writes.map((write, index) => (index === 3 ? { ...write, acknowledged: undefined } : write));
    expect(checkFreshness({ ...rest, writes: unknown })).toEqual([]);
  });

  it("finds a lost write, and one whose token names another revision", () => {
    const history = goodHistory();
    expect(checkFreshness({ ...history, revisions: history.revisions.slice(0, -1) })).toEqual([
      "acknowledged write w/4 is lost",
    ]);
    const other = { write: undefined, schema: FLIPS_SCHEMA };
    expect(checkFreshness({ ...history, revisions: [other, ...history.revisions] })).toContain(
      "write w/0 is revision 3, its token says 2",
    );
  });
});
