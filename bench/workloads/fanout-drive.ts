import type { TupleKey } from "../../src/model/tuple.ts";
import { coprimeTo, inverseOf } from "./arithmetic.ts";
import { type Namer, namer } from "./ids.ts";
import { objectOn, userOn } from "./tuple-of.ts";

/**
 * A drive in which it is known of everybody how much they reach. Ten documents lie in a folder, ten folders in one above, four
 * levels up to 10,000 documents; level k, number i holds the documents from i·10ᵏ on.
 *
 *  - Each folder has a group that views it, which holds a team, of which two people are members: a reader and an outsider, who
 *    is kept from every tenth document, so that what outsiders read has to be checked one by one.
 *  - Roamers are in the teams of ten of the lowest folders each, owners own ten documents, both scattered through the whole.
 *  - Every tenth document has a guest, who reaches nothing else. Idlers are in a group that nothing is shared with.
 */
export interface Drive {
  readonly tuples: number;
  readonly documents: number;
  /** The lowest folders, each of ten documents. */
  readonly leaves: number;
  readonly allFolders: number;
  readonly roamers: number;
  /** How many folders a level has, 1 to 4; the last may hold less than the others. */
  folders(level: number): number;
  /** Those that hold 10 to the power of the level. */
  wholeFolders(level: number): number;
  /** A folder's number among all: the lowest come first. */
  placeOf(level: number, number: number): number;
  levelOf(place: number): number;
  readonly document: Namer;
  /** By place; `reader` and `outsider` are those of the folder's team. */
  readonly folder: Namer;
  readonly reader: Namer;
  readonly outsider: Namer;
  /** Two for each place: what views the folder, and its team. */
  readonly group: Namer;
  readonly roamer: Namer;
  readonly owner: Namer;
  /** By document. */
  readonly guest: Namer;
  readonly idler: Namer;
  /** Ten numbers of documents, and of lowest folders. */
  ownedBy(owner: number): readonly number[];
  roamedBy(roamer: number): readonly number[];
  ownerOf(document: number): number;
  /** Undefined for up to nine of the lowest folders. */
  roamerOf(folder: number): number | undefined;
}

export const LEVELS = [1, 2, 3, 4] as const;
const TOP = 4;
export const IDLERS = 10;
/** A document's folder and owner, of every tenth a guest and those kept out; a folder's own; a folder above; a roamer. */
const PER_LEAF = 10 * 2 + 2 + 6 + 1;
const PER_FOLDER_ABOVE = 6;

/** The last digit of the number of documents that outsiders may not read, and of those with a guest. */
export const KEPT_DIGIT = 7;
export const GUEST_DIGIT = 2;
const OUTSIDERS = "outsiders";
const IDLE = "idle";

/** How many folders each level has over so many of the lowest. */
const foldersOver = (leaves: number) => LEVELS.map((level) => Math.ceil(leaves / 10 ** (level - 1)));

function tuplesOver(leaves: number): number {
  const [, ...above] = foldersOver(leaves);
  const top = above.at(-1) ?? 0;
  const spare = leaves % 10;
  return leaves * PER_LEAF - spare + above.reduce((sum, count) => sum + count * PER_FOLDER_ABOVE, 0) - top + IDLERS;
}

export function drive(tuples: number, seed: number): Drive {
  let leaves = Math.floor(tuples / PER_LEAF);
  while (tuplesOver(leaves) > tuples) leaves -= 1;
  const counts = foldersOver(leaves);
  const offsets = counts.map((_, index) => counts.slice(0, index).reduce((sum, count) => sum + count, 0));
  const placeOf = (level: number, number: number) => (offsets[level - 1] ?? 0) + number;
  const owning = scatteredTens(leaves * 10);
  const roaming = scatteredTens(leaves);
  const roamers = Math.floor(leaves / 10);
  return {
    tuples: tuplesOver(leaves),
    documents: leaves * 10,
    leaves,
    allFolders: placeOf(TOP, counts[TOP - 1] ?? 0),
    roamers,
    folders: (level) => counts[level - 1] ?? 0,
    wholeFolders: (level) => Math.floor((leaves * 10) / 10 ** level),
    placeOf,
    levelOf: (place) => offsets.findLastIndex((offset) => offset <= place) + 1,
    document: namer("d", 1, seed),
    folder: namer("f", 2, seed),
    group: namer("t", 3, seed),
    reader: namer("u", 4, seed),
    outsider: namer("x", 5, seed),
    roamer: namer("m", 6, seed),
    owner: namer("o", 7, seed),
    guest: namer("g", 8, seed),
    idler: namer("i", 9, seed),
    ownedBy: owning.ofTen,
    roamedBy: roaming.ofTen,
    ownerOf: owning.tenOf,
    roamerOf: (folder) => {
      const roamer = roaming.tenOf(folder);
      return roamer < roamers ? roamer : undefined;
    },
  };
}

/** The numbers below `n` in tens, each of which lies scattered; of what is over whole tens, the last. */
function scatteredTens(n: number) {
  const step = coprimeTo(n, 1_000_003);
  const back = inverseOf(step, n);
  return {
    tenOf: (number: number) => Math.floor(((number * step) % n) / 10),
    ofTen: (ten: number) => Array.from({ length: 10 }, (_, next) => ((ten * 10 + next) * back) % n),
  };
}

export function aboutDocument(of: Drive, number: number): readonly TupleKey[] {
  const id = of.document(number);
  const tuples = [
    objectOn("document", id, "folder", "folder", of.folder(of.placeOf(1, Math.floor(number / 10)))),
    userOn("document", id, "owner", of.owner(of.ownerOf(number))),
  ];
  if (number % 10 === GUEST_DIGIT) tuples.push(userOn("document", id, "viewer", of.guest(number)));
  if (number % 10 === KEPT_DIGIT) tuples.push(objectOn("document", id, "banned", "group", OUTSIDERS, "member"));
  return tuples;
}

export function aboutFolder(of: Drive, place: number): readonly TupleKey[] {
  const id = of.folder(place);
  const level = of.levelOf(place);
  const viewer = objectOn("folder", id, "viewer", "group", of.group(2 * place), "member");
  if (level === TOP) return [viewer];
  const above = of.placeOf(level + 1, Math.floor((place - of.placeOf(level, 0)) / 10));
  return [objectOn("folder", id, "parent", "folder", of.folder(above)), viewer];
}

export function aboutGroup(of: Drive, number: number): readonly TupleKey[] {
  const [id, place] = [of.group(number), number >> 1];
  if (number % 2 === 0) return [objectOn("group", id, "member", "group", of.group(number + 1), "member")];
  const tuples = [of.reader(place), of.outsider(place)].map((user) => userOn("group", id, "member", user));
  const roamer = place < of.leaves ? of.roamerOf(place) : undefined;
  if (roamer !== undefined) tuples.push(userOn("group", id, "member", of.roamer(roamer)));
  return tuples;
}

export function* aboutOutsiders(of: Drive): Iterable<TupleKey> {
  for (let place = 0; place < of.allFolders; place += 1) yield userOn("group", OUTSIDERS, "member", of.outsider(place));
}

export function* aboutIdle(of: Drive): Iterable<TupleKey> {
  for (let number = 0; number < IDLERS; number += 1) yield userOn("group", IDLE, "member", of.idler(number));
}
