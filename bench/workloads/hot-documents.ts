import type { TupleKey } from "../../src/model/tuple.ts";
import { scatter } from "./arithmetic.ts";
import { namer } from "./ids.ts";
import { objectOn, userOn } from "./tuple-of.ts";

/**
 * Documents and users by rank: 0 is the hottest. The hotter a document, the more there is about it.
 *
 * User u is in group u modulo the groups. A document is shared with every m-th group, those that are congruent to its rank modulo
 * m, where m is 2 for the hottest document, 4 for the next two, 8 for the next four, and at last the number of groups: so whether
 * a user is in one of a document's groups is a comparison of remainders, for users as hot as one likes. Of every four such
 * users the last is blocked, as far as the document has blocked users. Others, who are in no group, are viewers by name:
 * a range of guests. Documents lie in folders, which have an editor each.
 */
export interface HotDocuments {
  readonly tuples: number;
  readonly documents: number;
  readonly users: number;
  /** A power of two. */
  readonly groups: number;
  readonly folders: number;
  readonly owners: number;
  readonly guests: number;
  /** Of the hottest document; a document of rank r has that by r + 1. */
  readonly mostViewers: number;
}

/** With fewer, a group has hardly a member. */
export const FEWEST_TUPLES = 500;
const MOST_GROUPS = 256;
const DOCUMENTS_PER_FOLDER = 32;
const DOCUMENTS_PER_OWNER = 8;
/** Viewers by name for one who is blocked. */
const VIEWERS_PER_BLOCKED = 4;
/** Of users who are in a document's groups, each fourth may be blocked: those whose number among them has this remainder. */
const EVERY_FOURTH = 3;

export function hotDocuments(tuples: number): HotDocuments {
  const documents = Math.floor(tuples / 6);
  const folders = Math.ceil(documents / DOCUMENTS_PER_FOLDER);
  const roughly = Math.floor(tuples / 4);
  const groups = Math.min(MOST_GROUPS, 2 ** Math.floor(Math.log2(roughly / 16)));
  // Folder, owner and one group; what is left over but for users is for viewers and blocked users.
  const named = tuples - 3 * documents - folders - roughly - (groups / 2) * Math.log2(groups);
  const mostViewers = harmonicStart(named / (1 + 1 / VIEWERS_PER_BLOCKED));
  const owners = Math.ceil(documents / DOCUMENTS_PER_OWNER);
  const of = { tuples, documents, users: 0, groups, folders, owners, guests: 2 * mostViewers + 1, mostViewers };
  let about = 3 * documents + folders;
  for (let document = 0; document < Math.max(mostViewers, groups); document += 1)
    about += groups / moduloOf(of, document) - 1 + viewersOf(of, document) + blockedOf(of, document);
  return { ...of, users: tuples - about };
}

/** The n whose n + n/2 + n/3 …, each rounded down, come to about so much. */
function harmonicStart(sum: number): number {
  let start = sum;
  for (let round = 0; round < 20; round += 1) start = sum / (Math.log(start) + 2 * 0.5772 - 1);
  return Math.floor(start);
}

export const userId = namer("u", 1, 14);
const guestId = namer("g", 2, 14);
const ownerId = namer("w", 3, 14);
const editorId = namer("e", 4, 14);
export const spareId = namer("s", 5, 14);
export const documentId = namer("d", 6, 14);
const groupId = namer("t", 7, 14);
const folderId = namer("f", 8, 14);

/** A document's groups are those congruent to its rank modulo this. */
export function moduloOf({ groups }: HotDocuments, document: number): number {
  return Math.min(groups, 2 ** (32 - Math.clz32(document + 1)));
}

export const viewersOf = (of: HotDocuments, document: number) => Math.floor(of.mostViewers / (document + 1));
export const blockedOf = (of: HotDocuments, document: number) =>
  Math.floor(viewersOf(of, document) / VIEWERS_PER_BLOCKED);
/** Documents that have blocked users: the hottest. */
export const withBlocked = (of: HotDocuments) => Math.floor(of.mostViewers / VIEWERS_PER_BLOCKED);

/** @param number of the viewers, from 0; those from `viewersOf` on are none */
export const viewer = (of: HotDocuments, document: number, number: number) =>
  guestId((scatter(document, 501, of.guests) + number) % of.guests);
export const owner = (of: HotDocuments, document: number) => ownerId(document % of.owners);
export const editor = (of: HotDocuments, document: number) => editorId(document % of.folders);

/** @returns the rank of the number-th user who is in one of the document's groups and blocked */
export const blockedUser = (of: HotDocuments, document: number, number: number) =>
  insider(of, document, 4 * number + EVERY_FOURTH);

/** @returns the rank of the number-th user who is in one of the document's groups */
function insider(of: HotDocuments, document: number, number: number): number {
  const modulo = moduloOf(of, document);
  return number * modulo + (document % modulo);
}

/** A user of about that rank, who is in one of the document's groups and not blocked. */
export function insiderNear(of: HotDocuments, document: number, rank: number): number {
  let number = Math.floor(rank / moduloOf(of, document));
  if (insider(of, document, number) >= of.users) number -= 1;
  return insider(of, document, number % 4 === EVERY_FOURTH ? number - 1 : number);
}

/** A user of about that rank, who is in none of the document's groups. */
export function outsiderNear(of: HotDocuments, document: number, rank: number): number {
  const modulo = moduloOf(of, document);
  if (rank % modulo !== document % modulo) return rank;
  // Of the other parity.
  return (rank ^ 1) < of.users ? rank ^ 1 : rank - 1;
}

export function* aboutDocument(of: HotDocuments, document: number): Iterable<TupleKey> {
  const id = documentId(document);
  yield objectOn("document", id, "folder", "folder", folderId(document % of.folders));
  yield userOn("document", id, "owner", owner(of, document));
  const modulo = moduloOf(of, document);
  for (let group = document % modulo; group < of.groups; group += modulo)
    yield objectOn("document", id, "viewer", "group", groupId(group), "member");
  const [viewers, blocked] = [viewersOf(of, document), blockedOf(of, document)];
  for (let number = 0; number < viewers; number += 1)
    yield userOn("document", id, "viewer", viewer(of, document, number));
  for (let number = 0; number < blocked; number += 1)
    yield userOn("document", id, "blocked", userId(blockedUser(of, document, number)));
}

export function aboutFolder(_: HotDocuments, folder: number): readonly TupleKey[] {
  return [userOn("folder", folderId(folder), "editor", editorId(folder))];
}

export function* aboutGroup(of: HotDocuments, group: number): Iterable<TupleKey> {
  for (let user = group; user < of.users; user += of.groups)
    yield userOn("group", groupId(group), "member", userId(user));
}
