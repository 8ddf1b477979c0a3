import { describe, expect, it } from "vitest";
import { checkHistory, type History } from "./checker.ts";
import { type JournalEntry, nextWrite, stateOf } from "./journal.ts";

/** Three acknowledged writes and one that nobody knows about, which did not happen. */
function goodHistory(): History {
  const journals: JournalEntry[] = [];
  for (const acked of [true, true, true, false]) {
    const write = nextWrite("w", stateOf(journals));
    journals.push({ kind: "intent", write });
    if (acked) journals.push({ kind: "ack", id: write.id, token: "t" });
  }
  const tuples = (n: number) => [
    `document:w#viewer@user:n${n}`,
    `folder:w#viewer@user:n${n}`,
    `group:w#member@user:n${n}`,
  ];
  return {
    head: 4,
    revisions: [undefined, "w/0", "w/1", "w/2"].map((write, index) => ({ revision: index + 1, write })),
    rows: [2, 3, 4].flatMap((createdRev) =>
      tuples(createdRev - 2).map((tuple) => ({
        tuple,
        createdRev,
        deletedRev: createdRev === 4 ? undefined : createdRev + 1,
      })),
    ),
    journals,
  };
}

describe("checkHistory", () => {
  it("finds nothing wrong with a right history", () => {
    expect(checkHistory(goodHistory())).toEqual([]);
  });

  it("accepts that a write nobody knows about happened, if all of it did", () => {
    const history = goodHistory();
    const added = ["document:w#viewer@user:n3", "folder:w#viewer@user:n3", "group:w#member@user:n3"];
    const rows = history.rows.map((row) => (row.deletedRev === undefined ? { ...row, deletedRev: 5 } : row));
    const happened = {
      ...history,
      head: 5,
      revisions: [...history.revisions, { revision: 5, write: "w/3" }],
      rows: [...rows, ...added.map((tuple) => ({ tuple, createdRev: 5, deletedRev: undefined }))],
    };
    expect(checkHistory(happened)).toEqual([]);
    expect(checkHistory({ ...happened, rows: happened.rows.slice(0, -1) })).toEqual([
      "half a write: group:w#member@user:n3, created at 5, live is missing",
    ]);
  });

  it("finds a lost acknowledged write", () => {
    const { rows, revisions, ...rest } = goodHistory();
    const lost = {
      ...rest,
      head: 3,
      revisions: revisions.slice(0, -1),
      rows: rows
        .filter((row) => row.createdRev < 4)
        .map((row) => (row.deletedRev === 4 ? { ...row, deletedRev: undefined } : row)),
    };
    expect(checkHistory(lost)).toEqual(["acknowledged write w/2 is lost"]);
  });

  it.each([
    ["a tuple missing", (rows: History["rows"]) => rows.slice(1), /is missing/],
    [
      "a removal missing",
      (rows: History["rows"]) => rows.with(0, { ...at(rows, 0), deletedRev: undefined }),
      /is missing/,
    ],
    [
      "a tuple too many",
      (rows: History["rows"]) => [...rows, { ...at(rows, 0), tuple: "document:x#viewer@user:n9" }],
      /should not/,
    ],
    [
      "a tuple of another revision",
      (rows: History["rows"]) => rows.with(8, { ...at(rows, 8), createdRev: 3 }),
      /is missing/,
    ],
  ])("finds half a write: %s", (_, doctor, problem) => {
    const history = goodHistory();
    const problems = checkHistory({ ...history, rows: doctor(history.rows) });
    expect(problems.join("\n")).toMatch(problem);
  });

  it("finds a skipped revision", () => {
    const history = goodHistory();
    const revisions = history.revisions.map((each) => (each.revision === 1 ? { ...each, revision: 0 } : each));
    expect(checkHistory({ ...history, revisions })).toEqual(["no revision between 0 and 2"]);
    expect(checkHistory({ ...history, head: 5 })).toEqual(["the head is 5, the newest revision 4"]);
  });

  it("finds a repeated revision", () => {
    const history = goodHistory();
    const revisions = [...history.revisions, { revision: 4, write: undefined }];
    expect(checkHistory({ ...history, revisions })).toEqual(["revision 4 is there twice"]);
  });

  it("finds a write that was applied twice", () => {
    const history = goodHistory();
    const revisions = [...history.revisions, { revision: 5, write: "w/2" }];
    expect(checkHistory({ ...history, head: 5, revisions })).toContain("write w/2 was applied 2 times");
  });

  it("finds a write nobody intended, and passes on what a writer noted", () => {
    const history = goodHistory();
    const revisions = [...history.revisions, { revision: 5, write: "w/9" }];
    const journals = [...history.journals, { kind: "violation" as const, message: "a stale answer" }];
    expect(checkHistory({ ...history, head: 5, revisions, journals })).toEqual([
      "write w/9 happened, but nobody intended it",
      "a stale answer",
    ]);
  });
});

function at(rows: History["rows"], index: number): History["rows"][number] {
  const row = rows[index];
  if (row === undefined) throw new Error(`no row ${index}`);
  return row;
}
