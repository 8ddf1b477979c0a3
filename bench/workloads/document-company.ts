import type { TupleKey } from "../../src/model/tuple.ts";
import { coprimeTo, inverseOf } from "./arithmetic.ts";
import { inBlocks, namer } from "./ids.ts";

/**
 * A company in blocks of exactly 1,000 tuples, for schema/examples/documents.zed. All of it is arithmetic on (block, number
 * in the block): any size streams without memory, and who may what follows from the numbers alone.
 *
 * A block has
 *  - 100 users in 10 squads; 2 squads are a team, 3 or 2 teams a department, 2 departments the division: groups in groups, up
 *    to four deep. Users 19, 39 … 99 lead. Each user is also in one guild, which has 10 people of the whole company, and in
 *    the group of everyone;
 *  - 50 guests, who are in no group at all;
 *  - 10 folders in a chain, whose root the division may view, and 5 trees of 10 folders, 3 deep: tree t belongs to the lead of
 *    the next team, team t edits it, its department views it, guild t views what lies in or under its fourth folder. Tree 4
 *    is public instead of the department's;
 *  - 200 documents: 40 in the chain, 150 in the trees, 10 in no folder, with owners, guests, guilds and wildcards of their
 *    own, and people and squads who are blocked.
 */
export interface Company {
  readonly blocks: number;
  readonly tuples: number;
  user(block: number, user: number): string;
  guest(block: number, guest: number): string;
  group(block: number, group: number): string;
  folder(block: number, folder: number): string;
  document(block: number, document: number): string;
  /** The group of everyone. */
  readonly everyone: string;
  /** Member 0–9 of guild 0–9 of a block: somebody of any block. */
  guildMember(block: number, guild: number, member: number): { readonly block: number; readonly user: number };
  guildOf(block: number, user: number): { readonly block: number; readonly guild: number };
  /** What is stored about one object; of `everyone` one block's part. */
  aboutDocument(block: number, document: number): readonly TupleKey[];
  aboutFolder(block: number, folder: number): readonly TupleKey[];
  aboutGroup(block: number, group: number): readonly TupleKey[];
  aboutEveryone(block: number): readonly TupleKey[];
}

export const TUPLES_PER_BLOCK = 1_000;
export const USERS = 100;
export const GUESTS = 50;
export const DOCUMENTS = 200;
export const FOLDERS = 60;
export const CHAIN = 10;
export const LOOSE_FROM = 190;
/** Squads are groups 0–9, then teams, departments, the division, and guilds. */
export const TEAM = 10;
export const DEPARTMENT = 15;
export const DIVISION = 17;
export const GUILD = 18;
export const GROUPS = 28;
const GUILDS = 10;
const GUILD_SIZE = 10;
/** A document so popular that 33 guests are named on it. */
export const POPULAR = 199;
const POPULAR_VIEWERS = 33;

/** @param seed companies of different seeds have no id in common but by accident */
export function company(blocks: number, seed = 0): Company {
  const users = blocks * USERS;
  const step = coprimeTo(users, 1_000_003);
  const back = inverseOf(step, users);
  const shift = 7 * blocks + 3;
  const names = { user: namer("u", 1, seed), guest: namer("g", 2, seed), group: namer("t", 3, seed) };
  const things = { folder: namer("f", 4, seed), document: namer("d", 5, seed) };
  const base = {
    blocks,
    tuples: blocks * TUPLES_PER_BLOCK,
    user: inBlocks(names.user, USERS),
    guest: inBlocks(names.guest, GUESTS * 2),
    group: inBlocks(names.group, GROUPS),
    folder: inBlocks(things.folder, FOLDERS),
    document: inBlocks(things.document, DOCUMENTS),
    everyone: "everyone",
    guildMember(block: number, guild: number, member: number) {
      const place = (block * GUILDS + guild) * GUILD_SIZE + member;
      const user = (place * step + shift) % users;
      return { block: Math.floor(user / USERS), user: user % USERS };
    },
    guildOf(block: number, user: number) {
      const place = (((block * USERS + user - shift) % users) + users) % users;
      const guild = Math.floor(((place * back) % users) / GUILD_SIZE);
      return { block: Math.floor(guild / GUILDS), guild: guild % GUILDS };
    },
  };
  return {
    ...base,
    aboutDocument: (block, document) => documentTuples(base, block, document),
    aboutFolder: (block, folder) => folderTuples(base, block, folder),
    aboutGroup: (block, group) => groupTuples(base, block, group),
    aboutEveryone: (block) =>
      Array.from({ length: USERS }, (_, user) => member("group", base.everyone, "user", base.user(block, user))),
  };
}

type People = Pick<Company, "user" | "guest" | "group" | "folder" | "document" | "everyone" | "guildMember">;

/** The folder of a document; undefined for the loose ones. */
export function folderOf(document: number): number | undefined {
  if (document < 40) return document % CHAIN;
  return document < LOOSE_FROM ? CHAIN + ((document - 40) % 50) : undefined;
}

export function treeOf(folder: number): number {
  return Math.floor((folder - CHAIN) / 10);
}

/** The team whose documents lie in a tree is that of the same number; others' by turns. */
export function ownerOf(document: number): number {
  const folder = folderOf(document);
  if (folder === undefined) return document - LOOSE_FROM;
  return folder < CHAIN ? document : treeOf(folder) * 20 + (document % 20);
}

export function departmentOf(team: number): number {
  return team < 3 ? 0 : 1;
}

/** Of another team than the tree's. */
export function leadOf(tree: number): number {
  return ((tree + 1) % 5) * 20 + 19;
}

/** Blocked by name: somebody who could otherwise view it. */
export function blockedUserOf(document: number): number | undefined {
  if (document % 8 !== 5) return undefined;
  const folder = folderOf(document);
  return folder === undefined || folder < CHAIN ? 40 + (document % 50) : treeOf(folder) * 20 + ((document + 1) % 20);
}

/** A blocked squad, likewise. */
export function blockedSquadOf(document: number): number | undefined {
  if (document % 20 !== 11) return undefined;
  const folder = folderOf(document);
  return folder === undefined || folder < CHAIN ? 9 : treeOf(folder) * 2 + 1;
}

export const isPublic = (document: number) => document % 20 === 3;
export const isForEveryone = (document: number) => document % 40 === 7;
/** The guild that a document is shared with. */
export const guildOfDocument = (document: number) => (document % 8 === 2 ? 5 + (document % 5) : undefined);
/** The guest who may view or edit it. */
export const viewingGuestOf = (document: number) => (document % 4 === 0 ? document >> 2 : undefined);
export const editingGuestOf = (document: number) => (document % 4 === 1 ? document >> 2 : undefined);

function documentTuples(of: People, block: number, document: number): readonly TupleKey[] {
  const id = of.document(block, document);
  const on = (relation: string, type: string, subject: string, subjectRelation = "") =>
    tupleOf("document", id, relation, type, subject, subjectRelation);
  const tuples = [on("owner", "user", of.user(block, ownerOf(document)))];
  const folder = folderOf(document);
  if (folder !== undefined) tuples.push(on("folder", "folder", of.folder(block, folder)));
  else tuples.push(on("viewer", "group", of.group(block, DIVISION), "member"));
  const viewer = viewingGuestOf(document);
  if (viewer !== undefined) tuples.push(on("viewer", "user", of.guest(block, viewer)));
  const editor = editingGuestOf(document);
  if (editor !== undefined) tuples.push(on("editor", "user", of.guest(block, editor)));
  const guild = guildOfDocument(document);
  if (guild !== undefined) tuples.push(on("viewer", "group", of.group(block, GUILD + guild), "member"));
  if (isPublic(document)) tuples.push(on("viewer", "user", "*"));
  if (isForEveryone(document)) tuples.push(on("viewer", "group", of.everyone, "member"));
  const user = blockedUserOf(document);
  if (user !== undefined) tuples.push(on("blocked", "user", of.user(block, user)));
  const squad = blockedSquadOf(document);
  if (squad !== undefined) tuples.push(on("blocked", "group", of.group(block, squad), "member"));
  if (document === POPULAR)
    for (let guest = 0; guest < POPULAR_VIEWERS; guest += 1) tuples.push(on("viewer", "user", of.guest(block, guest)));
  return tuples;
}

function folderTuples(of: People, block: number, folder: number): readonly TupleKey[] {
  const id = of.folder(block, folder);
  const on = (relation: string, type: string, subject: string, subjectRelation = "") =>
    tupleOf("folder", id, relation, type, subject, subjectRelation);
  const above = parentOf(folder);
  if (folder < CHAIN)
    return [
      above === undefined
        ? on("viewer", "group", of.group(block, DIVISION), "member")
        : on("parent", "folder", of.folder(block, above)),
    ];
  const [tree, inTree] = [treeOf(folder), (folder - CHAIN) % 10];
  const guild = inTree === 3 ? [on("viewer", "group", of.group(block, GUILD + tree), "member")] : [];
  if (above !== undefined) return [on("parent", "folder", of.folder(block, above)), ...guild];
  return [
    on("owner", "user", of.user(block, leadOf(tree))),
    on("editor", "group", of.group(block, TEAM + tree), "member"),
    tree === 4
      ? on("viewer", "user", "*")
      : on("viewer", "group", of.group(block, DEPARTMENT + departmentOf(tree)), "member"),
  ];
}

/** Undefined for a root. */
export function parentOf(folder: number): number | undefined {
  if (folder < CHAIN) return folder === 0 ? undefined : folder - 1;
  const inTree = (folder - CHAIN) % 10;
  return inTree === 0 ? undefined : folder - inTree + ((inTree - 1) >> 1);
}

function groupTuples(of: People, block: number, group: number): readonly TupleKey[] {
  const id = of.group(block, group);
  const users = (people: readonly { readonly block: number; readonly user: number }[]) =>
    people.map((one) => member("group", id, "user", of.user(one.block, one.user)));
  const groups = (numbers: readonly number[]) =>
    numbers.map((number) => member("group", id, "group", of.group(block, number), "member"));
  if (group < TEAM) return users(upTo(10).map((user) => ({ block, user: group * 10 + user })));
  if (group < DEPARTMENT) return groups([(group - TEAM) * 2, (group - TEAM) * 2 + 1]);
  if (group < DIVISION)
    return groups(
      upTo(5)
        .filter((team) => departmentOf(team) === group - DEPARTMENT)
        .map((team) => TEAM + team),
    );
  if (group === DIVISION) return groups([DEPARTMENT, DEPARTMENT + 1]);
  return users(upTo(GUILD_SIZE).map((number) => of.guildMember(block, group - GUILD, number)));
}

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function member(objectType: string, objectId: string, type: string, id: string, relation = ""): TupleKey {
  return tupleOf(objectType, objectId, "member", type, id, relation);
}

function tupleOf(
  objectType: string,
  objectId: string,
  relation: string,
  subjectType: string,
  subjectId: string,
  subjectRelation: string,
): TupleKey {
  return { objectType, objectId, relation, subjectType, subjectId, subjectRelation };
}
