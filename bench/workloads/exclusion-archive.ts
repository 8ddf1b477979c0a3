import type { TupleKey } from "../../src/model/tuple.ts";
import { type BlockNamer, fromFarBlocks, inBlocks, type Namer, namer } from "./ids.ts";
import { objectOn, userOn } from "./tuple-of.ts";

/**
 * A classified archive in blocks of exactly 1,000 tuples. All of it is arithmetic on (block, number in the block), and every
 * block looks alike: who may what in one follows from the numbers alone.
 *
 * A block has
 *  - 100 staff in 10 teams; 2 teams are a section, 5 sections the house. 50 guests from all over the company, 10 to a guild;
 *  - a watch list, which holds a group of those under inquiry: groups that take away instead of giving;
 *  - an archive, in which the house and four guilds are sworn, less those who are dismissed;
 *  - 5 compartments, which brief two sections, a guild and three people by name, and revoke a team and two people;
 *  - a chain of 10 collections that the house reads, and 3 trees of 10 that two sections read. Half way down each, a team and
 *    one person are banned from what is inherited; below, some are let in again;
 *  - 176 records, each in a compartment: with authors, readers, people and teams who are recused, and some that are sealed.
 */
export interface Archive {
  readonly blocks: number;
  readonly tuples: number;
  /** 0–99 staff of the block, 100–149 guests: each is a guest of one block, and staff of none. */
  person(block: number, person: number): string;
  record(block: number, record: number): string;
  collection(block: number, collection: number): string;
  aboutGroup(block: number, group: number): readonly TupleKey[];
  aboutArchive(block: number): readonly TupleKey[];
  aboutCompartment(block: number, compartment: number): readonly TupleKey[];
  aboutCollection(block: number, collection: number): readonly TupleKey[];
  aboutRecord(block: number, record: number): readonly TupleKey[];
}

export const TUPLES_PER_BLOCK = 1_000;
export const STAFF = 100;
export const PEOPLE = 150;
export const COMPARTMENTS = 5;
export const COLLECTIONS = 40;
export const CHAIN = 10;
export const RECORDS = 176;
const LOOSE_FROM = 168;
/** Teams are groups 0–9, then sections, the house, guilds, those under inquiry, and the watch list. */
const SECTION = 10;
const HOUSE = 15;
const GUILD = 16;
const INQUIRY = 21;
const WATCH_LIST = 22;
export const GROUPS = 23;
/** So many readers of the last record make a block 1,000 tuples. */
const POPULAR_READERS = 10;

export function archive(blocks: number, seed: number): Archive {
  const staff = inBlocks(namer("u", 1, seed), STAFF);
  const guest = fromFarBlocks(namer("g", 2, seed), PEOPLE - STAFF, blocks);
  const ids: Ids = {
    person: (block, person) => (person < STAFF ? staff(block, person) : guest(block, person - STAFF)),
    group: inBlocks(namer("t", 3, seed), GROUPS),
    archive: namer("a", 4, seed),
    compartment: inBlocks(namer("c", 5, seed), COMPARTMENTS),
    collection: inBlocks(namer("f", 6, seed), COLLECTIONS),
    record: inBlocks(namer("r", 7, seed), RECORDS),
  };
  return {
    blocks,
    tuples: blocks * TUPLES_PER_BLOCK,
    person: ids.person,
    record: ids.record,
    collection: ids.collection,
    aboutGroup: (block, group) => groupTuples(ids, block, group),
    aboutArchive: (block) => archiveTuples(ids, block),
    aboutCompartment: (block, compartment) => compartmentTuples(ids, block, compartment),
    aboutCollection: (block, collection) => collectionTuples(ids, block, collection),
    aboutRecord: (block, record) => recordTuples(ids, block, record),
  };
}

interface Ids {
  readonly person: BlockNamer;
  readonly group: BlockNamer;
  readonly archive: Namer;
  readonly compartment: BlockNamer;
  readonly collection: BlockNamer;
  readonly record: BlockNamer;
}

const EVERYBODY = Array.from({ length: PEOPLE }, (_, person) => person);

const isStaff = (person: number) => person < STAFF;
export const teamOf = (person: number) => (isStaff(person) ? Math.floor(person / 10) : undefined);
export const sectionOf = (person: number) => (isStaff(person) ? Math.floor(person / 20) : undefined);
export const guildOf = (person: number) => (isStaff(person) ? undefined : Math.floor((person - STAFF) / 10));

export const isUnderInquiry = (person: number) => (isStaff(person) ? person % 20 === 7 : person % 10 === 3);
export const isWatched = (person: number) => isStaff(person) && person % 25 === 11;
export const isDismissedByName = (person: number) => person % 50 === 2 && isStaff(person);
/** The house, and guilds 0–3. */
export const isSworn = (person: number) => guildOf(person) !== 4;

/** A compartment briefs sections of its own number and of the next, the guild of its number, and three of another section. */
export const nextOf = (compartment: number) => (compartment + 1) % 5;
export const briefedByName = (compartment: number) => [1, 6, 12].map((number) => ((compartment + 3) % 5) * 20 + number);
export const revokedByName = (compartment: number) => [compartment * 20 + 4, nextOf(compartment) * 20 + 9];
export const revokedTeam = (compartment: number) => nextOf(compartment) * 2 + 1;

/** Undefined for a root. */
export function parentOf(collection: number): number | undefined {
  if (collection < CHAIN) return collection === 0 ? undefined : collection - 1;
  const inTree = collection % 10;
  return inTree === 0 ? undefined : collection - inTree + ((inTree - 1) >> 1);
}

export const treeOf = (collection: number) => Math.floor(collection / 10) - 1;

/** Who reads a collection and what is under it, who is banned from what is inherited, and who arranges it. */
export interface Grants {
  readonly people: readonly number[];
  /** Numbers of groups. */
  readonly groups: readonly number[];
}

const NOBODY: Grants = { people: [], groups: [] };

export function readersOf(collection: number): Grants {
  if (collection === 0) return { people: [], groups: [HOUSE] };
  if (collection === 8) return { people: [33], groups: [] };
  if (collection < CHAIN) return NOBODY;
  const tree = treeOf(collection);
  if (collection % 10 === 0) return { people: [], groups: [SECTION + tree, SECTION + tree + 1] };
  return collection % 10 === 7 ? { people: [tree * 20 + 3], groups: [GUILD + tree] } : NOBODY;
}

const bannedTeamOf = (tree: number) => (tree + 1) * 2;

export function bannedFrom(collection: number): Grants {
  if (collection === 5) return { people: [33], groups: [9] };
  if (collection < CHAIN || collection % 10 !== 3) return NOBODY;
  const tree = treeOf(collection);
  return { people: [tree * 20 + 3], groups: [bannedTeamOf(tree)] };
}

export function curatorsOf(collection: number): Grants {
  if (collection === 0) return { people: [], groups: [1] };
  if (collection < CHAIN || collection % 10 !== 0) return NOBODY;
  const tree = treeOf(collection);
  return { people: [tree * 20 + 15], groups: [tree * 2] };
}

/** One of the teams, sections, the house or the guilds. */
export function isIn(person: number, group: number): boolean {
  if (group < SECTION) return teamOf(person) === group;
  if (group < HOUSE) return sectionOf(person) === group - SECTION;
  return group === HOUSE ? isStaff(person) : guildOf(person) === group - GUILD;
}

/** Undefined for the loose ones. */
export function collectionOf(record: number): number | undefined {
  if (record < 40) return record % CHAIN;
  return record < LOOSE_FROM ? CHAIN + ((record - 40) % 30) : undefined;
}

/** Those in a tree are in its sections' compartment or in one of both neighbours, which brief one of the two sections. */
export function compartmentOf(record: number): number {
  const collection = collectionOf(record) ?? 0;
  if (collection < CHAIN) return record % 5;
  const turn = Math.floor((record - 40) / 30) % 4;
  return (treeOf(collection) + (turn === 1 ? 1 : turn === 2 ? 4 : 0)) % 5;
}

export const authorOf = (record: number) => (record * 7) % STAFF;
/** A guest. */
export function readersByName(record: number): readonly number[] {
  if (record === RECORDS - 1) return EVERYBODY.slice(STAFF, STAFF + POPULAR_READERS);
  return record % 4 === 0 ? [STAFF + ((record >> 2) % 50)] : [];
}
/** A guild, or the team that is banned from the collection. */
export function readingGroupOf(record: number): number | undefined {
  if (record % 8 === 2) return GUILD + ((record >> 3) % 5);
  if (record % 8 !== 6) return undefined;
  const collection = collectionOf(record) ?? 0;
  return collection < CHAIN ? 9 : bannedTeamOf(treeOf(collection));
}
/** Of a section that is briefed. */
export const recusedOf = (record: number) =>
  record % 4 === 1 ? compartmentOf(record) * 20 + (record % 20) : undefined;
export const recusedTeamOf = (record: number) => (record % 10 === 3 ? compartmentOf(record) * 2 : undefined);
export const isSealed = (record: number) => record % 10 === 9;

function groupTuples(ids: Ids, block: number, group: number): readonly TupleKey[] {
  const id = ids.group(block, group);
  const people = (accept: (person: number) => boolean) =>
    EVERYBODY.filter(accept).map((person) => userOn("group", id, "member", ids.person(block, person)));
  const groups = (numbers: readonly number[]) =>
    numbers.map((number) => objectOn("group", id, "member", "group", ids.group(block, number), "member"));
  if (group < SECTION) return people((person) => teamOf(person) === group);
  if (group < HOUSE) return groups([(group - SECTION) * 2, (group - SECTION) * 2 + 1]);
  if (group === HOUSE) return groups([0, 1, 2, 3, 4].map((section) => SECTION + section));
  if (group < INQUIRY) return people((person) => guildOf(person) === group - GUILD);
  return group === INQUIRY ? people(isUnderInquiry) : [...groups([INQUIRY]), ...people(isWatched)];
}

function archiveTuples(ids: Ids, block: number): readonly TupleKey[] {
  const on = grantsOn(ids, block, "archive", ids.archive(block));
  return [
    ...on("sworn", { people: [], groups: [HOUSE, GUILD, GUILD + 1, GUILD + 2, GUILD + 3] }),
    ...on("dismissed", { people: EVERYBODY.filter(isDismissedByName), groups: [WATCH_LIST] }),
  ];
}

function compartmentTuples(ids: Ids, block: number, compartment: number): readonly TupleKey[] {
  const id = ids.compartment(block, compartment);
  const on = grantsOn(ids, block, "compartment", id);
  const sections = [SECTION + compartment, SECTION + nextOf(compartment)];
  return [
    objectOn("compartment", id, "archive", "archive", ids.archive(block)),
    ...on("briefed", { people: briefedByName(compartment), groups: [...sections, GUILD + compartment] }),
    ...on("revoked", { people: revokedByName(compartment), groups: [revokedTeam(compartment)] }),
  ];
}

function collectionTuples(ids: Ids, block: number, collection: number): readonly TupleKey[] {
  const id = ids.collection(block, collection);
  const on = grantsOn(ids, block, "collection", id);
  const above = parentOf(collection);
  return [
    ...(above === undefined ? [] : [objectOn("collection", id, "parent", "collection", ids.collection(block, above))]),
    ...on("reader", readersOf(collection)),
    ...on("banned", bannedFrom(collection)),
    ...on("curator", curatorsOf(collection)),
  ];
}

function recordTuples(ids: Ids, block: number, record: number): readonly TupleKey[] {
  const id = ids.record(block, record);
  const on = grantsOn(ids, block, "record", id);
  const only = (number: number | undefined) => (number === undefined ? [] : [number]);
  const collection = collectionOf(record);
  return [
    objectOn("record", id, "compartment", "compartment", ids.compartment(block, compartmentOf(record))),
    ...only(collection).map((one) => objectOn("record", id, "collection", "collection", ids.collection(block, one))),
    ...on("author", { people: [authorOf(record)], groups: [] }),
    ...on("reader", { people: readersByName(record), groups: only(readingGroupOf(record)) }),
    ...on("recused", { people: only(recusedOf(record)), groups: only(recusedTeamOf(record)) }),
    ...(isSealed(record) ? [objectOn("record", id, "sealed", "user", "*")] : []),
  ];
}

function grantsOn(ids: Ids, block: number, type: string, id: string) {
  return (relation: string, { people, groups }: Grants): readonly TupleKey[] => [
    ...people.map((person) => userOn(type, id, relation, ids.person(block, person))),
    ...groups.map((group) => objectOn(type, id, relation, "group", ids.group(block, group), "member")),
  ];
}
