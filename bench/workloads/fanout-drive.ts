import type { TupleKey } from "../../src/model/tuple.ts";
import { coprimeTo, inverseOf } from "./arithmetic.ts";
import { namer } from "./ids.ts";
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
  /** Of a level from 1 to 4; the last of a level may hold less than the others. */
  folders(level: number): number;
  /** Those that hold 10 to the power of the level. */
  wholeFolders(level: number): number;
  readonly roamers: number;
  document(number: number): string;
  folder(level: number, number: number): string;
  /** In the team of the folder. */
  reader(level: number, number: number): string;
  outsider(level: number, number: number): string;
  roamer(number: number): string;
  owner(number: number): string;
  guest(document: number): string;
  idler(number: number): string;
  /** Ten numbers of documents, and of lowest folders. */
  ownedBy(owner: number): readonly number[];
  roamedBy(roamer: number): readonly number[];
  ownerOf(document: number): number;
  /** Undefined for up to nine of the lowest folders. */
  roamerOf(folder: number): number | undefined;
  aboutDocument(number: number): readonly TupleKey[];
  /** In the order of levels, then of numbers. */
  readonly allFolders: number;
  aboutFolder(place: number): readonly TupleKey[];
  /** Two for each folder: that which views it, and its team. */
  aboutGroup(number: number): readonly TupleKey[];
  aboutOutsiders(): Iterable<TupleKey>;
  aboutIdle(): readonly TupleKey[];
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
  const names = { document: namer("d", 1, seed), folder: namer("f", 2, seed), group: namer("t", 3, seed) };
  const people = { reader: namer("u", 4, seed), outsider: namer("x", 5, seed), roamer: namer("m", 6, seed) };
  const more = { owner: namer("o", 7, seed), guest: namer("g", 8, seed), idler: namer("i", 9, seed) };
  const owning = scatteredTens(leaves * 10);
  const roaming = scatteredTens(leaves);
  const roamers = Math.floor(leaves / 10);
  const of = {
    documents: leaves * 10,
    folders: (level: number) => counts[level - 1] ?? 0,
    wholeFolders: (level: number) => Math.floor((leaves * 10) / 10 ** level),
    roamers,
    document: names.document,
    folder: (level: number, number: number) => names.folder(placeOf(level, number)),
    reader: (level: number, number: number) => people.reader(placeOf(level, number)),
    outsider: (level: number, number: number) => people.outsider(placeOf(level, number)),
    ...{ roamer: people.roamer, owner: more.owner, guest: more.guest, idler: more.idler },
    ownedBy: owning.ofTen,
    roamedBy: roaming.ofTen,
    ownerOf: owning.tenOf,
    roamerOf: (folder: number) => {
      const roamer = roaming.tenOf(folder);
      return roamer < roamers ? roamer : undefined;
    },
  };
  const levelOf = (place: number) => offsets.findLastIndex((offset) => offset <= place) + 1;
  const allFolders = placeOf(TOP, of.folders(TOP));
  return {
    ...of,
    tuples: tuplesOver(leaves),
    allFolders,
    aboutDocument: (number) => {
      const id = of.document(number);
      const tuples = [
        objectOn("document", id, "folder", "folder", of.folder(1, Math.floor(number / 10))),
        userOn("document", id, "owner", of.owner(of.ownerOf(number))),
      ];
      if (number % 10 === GUEST_DIGIT) tuples.push(userOn("document", id, "viewer", of.guest(number)));
      if (number % 10 === KEPT_DIGIT) tuples.push(objectOn("document", id, "banned", "group", OUTSIDERS, "member"));
      return tuples;
    },
    aboutFolder: (place) => {
      const level = levelOf(place);
      const number = place - placeOf(level, 0);
      const id = names.folder(place);
      const viewer = objectOn("folder", id, "viewer", "group", names.group(2 * place), "member");
      if (level === TOP) return [viewer];
      return [objectOn("folder", id, "parent", "folder", of.folder(level + 1, Math.floor(number / 10))), viewer];
    },
    aboutGroup: (number) => {
      const [id, place] = [names.group(number), number >> 1];
      if (number % 2 === 0) return [objectOn("group", id, "member", "group", names.group(number + 1), "member")];
      // Lowest folders come first.
      const roamer = place < leaves ? of.roamerOf(place) : undefined;
      return [people.reader(place), people.outsider(place), ...(roamer === undefined ? [] : [of.roamer(roamer)])].map(
        (user) => userOn("group", id, "member", user),
      );
    },
    *aboutOutsiders() {
      for (let place = 0; place < allFolders; place += 1)
        yield userOn("group", OUTSIDERS, "member", people.outsider(place));
    },
    aboutIdle: () => Array.from({ length: IDLERS }, (_, number) => userOn("group", IDLE, "member", of.idler(number))),
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
