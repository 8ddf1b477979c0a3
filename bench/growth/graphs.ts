import type { Tuple } from "../../src/model/tuple.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";

export const SCHEMA = `definition user {}

definition group {
  relation member: user | group#member
}

definition folder {
  relation parent: folder
  relation viewer: user | group#member
  relation banned: user
  permission view = viewer + parent->view
  permission see = (viewer + parent->see) - banned
}

definition document {
  relation folder: folder
  relation viewer: user | user:* | group#member
  relation banned: user
  permission open = viewer + folder->view
  permission view = open - banned
}
`;

/** A graph with `n` of what grows. */
export type Graph = (n: number) => Iterable<Tuple>;

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index);
const tuples = (lines: readonly string[]) => lines.map((line) => parseTuple(line));

/** document:d in folder:f0 in folder:f1 … in the last, which anne may view. */
export const folderChain: Graph = (n) =>
  tuples([
    "document:d#folder@folder:f0",
    ...numbers(n - 1).map((i) => `folder:f${i}#parent@folder:f${i + 1}`),
    `folder:f${n - 1}#viewer@user:anne`,
  ]);

/** Folders whose ids are in the order of their depth, the deepest first; anne views the outermost. */
export const orderedFolders: Graph = (n) => {
  const id = (i: number) => `folder:f${String(i).padStart(9, "0")}`;
  return tuples([...numbers(n - 1).map((i) => `${id(i)}#parent@${id(i + 1)}`), `${id(n - 1)}#viewer@user:anne`]);
};

/** The viewers of document:d are group:g0, whose members are those of group:g1 …; anne is in the last. */
export const groupChain: Graph = (n) =>
  tuples([
    "document:d#viewer@group:g0#member",
    ...numbers(n - 1).map((i) => `group:g${i}#member@group:g${i + 1}#member`),
    `group:g${n - 1}#member@user:anne`,
  ]);

/** `n` groups view document:d. Each has a member of its own; anne is in all of them. */
export const manyGroups: Graph = (n) =>
  tuples(
    numbers(n).flatMap((i) => [
      `document:d#viewer@group:g${i}#member`,
      `group:g${i}#member@user:u${i}`,
      `group:g${i}#member@user:anne`,
    ]),
  );

/** `n` groups view document:d, and nobody is in them. */
export const emptyGroups: Graph = (n) => tuples(numbers(n).map((i) => `document:d#viewer@group:g${i}#member`));

/** Anne views `n` documents by herself. */
export const manyDocuments: Graph = (n) => tuples(numbers(n).map((i) => `document:d${i}#viewer@user:anne`));

/** `n` documents in ten folders that anne may view. */
export const documentsInFolders: Graph = (n) =>
  tuples([
    ...numbers(10).map((i) => `folder:f${i}#viewer@user:anne`),
    ...numbers(n).map((i) => `document:d${i}#folder@folder:f${i % 10}`),
  ]);

/** `n` users view document:d by themselves. */
export const manyViewers: Graph = (n) => tuples(numbers(n).map((i) => `document:d#viewer@user:u${i}`));

/** Everybody views document:d, save `n` users. */
export const manyBanned: Graph = (n) =>
  tuples(["document:d#viewer@user:*", ...numbers(n).map((i) => `document:d#banned@user:u${i}`)]);
