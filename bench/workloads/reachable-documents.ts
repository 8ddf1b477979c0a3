import type { TupleKey } from "../../src/model/tuple.ts";
import { objectOn } from "./tuple-of.ts";

/**
 * One user among many, who reaches a tenth of all documents through nested groups and folders. Ids tell nothing: those
 * she reaches lie scattered among the others.
 */
export interface ReachableDocuments {
  readonly schema: string;
  readonly subject: { readonly type: "user"; readonly id: string; readonly relation: "" };
  readonly objectType: "document";
  /** Every result is found by a plain way. */
  readonly plain: { readonly permission: string; readonly results: number };
  /** The same documents, but for those she is banned from: each has to be checked. */
  readonly checked: { readonly permission: string; readonly results: number };
  readonly tuples: number;
  /** Exactly `tuples` of them. */
  generate(): Iterable<TupleKey>;
}

const SCHEMA = `definition user {}

definition group {
  relation member: user | group#member
}

definition folder {
  relation parent: folder
  relation viewer: user | group#member
  permission view = viewer + parent->view
}

definition document {
  relation folder: folder
  relation owner: user
  relation banned: user
  permission view = owner + folder->view
  permission read = view - banned
}
`;

const TEAMS = 50;
const DEPARTMENTS = 10;
const DOCUMENTS_PER_FOLDER = 100;
/** A root folder and what lies under it, in a chain. */
const FOLDERS_PER_TREE = 10;
const BANNED_EVERY = 10;

/** @param results at least 1,000, in whole thousands @param tuples at least 1.3 times as many */
export function reachableDocuments(tuples: number, results: number): ReachableDocuments {
  return {
    schema: SCHEMA,
    subject: { type: "user", id: "anne", relation: "" },
    objectType: "document",
    plain: { permission: "view", results },
    checked: { permission: "read", results: results - results / BANNED_EVERY },
    tuples,
    *generate() {
      let left = tuples;
      for (const tuple of hers(results)) {
        yield tuple;
        left -= 1;
      }
      if (left < 0) throw new Error(`${tuples} tuples are too few for ${results} results`);
      for (const tuple of others(results)) {
        if (left === 0) return;
        yield tuple;
        left -= 1;
      }
    },
  };
}

function* hers(results: number): Iterable<TupleKey> {
  for (let team = 0; team < TEAMS; team++) {
    yield objectOn("group", `team-${team}`, "member", "user", "anne");
    yield objectOn("group", `department-${team % DEPARTMENTS}`, "member", "group", `team-${team}`, "member");
  }
  for (let folder = 0; folder < results / DOCUMENTS_PER_FOLDER; folder++) {
    if (folder % FOLDERS_PER_TREE > 0) yield objectOn("folder", `f${folder}`, "parent", "folder", `f${folder - 1}`);
    else yield objectOn("folder", `f${folder}`, "viewer", "group", `department-${folder % DEPARTMENTS}`, "member");
  }
  for (let i = 0; i < results; i++) {
    yield objectOn("document", documentId(i), "folder", "folder", `f${Math.floor(i / DOCUMENTS_PER_FOLDER)}`);
    if (i % BANNED_EVERY === 0) yield objectOn("document", documentId(i), "banned", "user", "anne");
  }
}

/** Without end: other people, their groups, and documents in folders of theirs. */
function* others(results: number): Iterable<TupleKey> {
  for (let i = results; ; i++) {
    const user = `u${i % 20_000}`;
    const folder = `o${Math.floor(i / DOCUMENTS_PER_FOLDER)}`;
    if (i % DOCUMENTS_PER_FOLDER === 0) yield objectOn("folder", folder, "viewer", "user", user);
    if (i % 10 === 0) yield objectOn("group", `team-${i % TEAMS}`, "member", "user", `u${i}`);
    yield objectOn("document", documentId(i), "folder", "folder", folder);
    if (i % 5 === 0) yield objectOn("document", documentId(i), "owner", "user", user);
    if (i % 7 === 0) yield objectOn("document", documentId(i % results), "banned", "user", `u${i}`);
  }
}

/** Scattered: Knuth's multiplier is odd, so no two indices below 2³² share an id. */
function documentId(index: number): string {
  return `d${(Math.imul(index, 2_654_435_761) >>> 0).toString(16).padStart(8, "0")}`;
}
