import {
  blockedSquadOf,
  blockedUserOf,
  CHAIN,
  type Company,
  DOCUMENTS,
  editingGuestOf,
  folderOf,
  GUESTS,
  guildOfDocument,
  isForEveryone,
  isPublic,
  LOOSE_FROM,
  leadOf,
  ownerOf,
  POPULAR,
  treeOf,
  USERS,
  viewingGuestOf,
} from "./document-company.ts";

interface Asked {
  readonly object: { readonly type: "document" | "folder"; readonly id: string };
  readonly member: string;
  /** A user's id. */
  readonly subject: string;
}

/** Questions that have the same reason for their answer, which lies in how they are built. */
export interface QuestionKind {
  readonly name: string;
  readonly allowed: boolean;
  /** How often it is asked among those of its answer. */
  readonly weight: number;
  /** @param random 30 bits */
  ask(of: Company, block: number, random: number): Asked;
}

type InBlock = (document: number) => boolean;

const inFolder = (accept: (folder: number) => boolean): InBlock => {
  return (document) => {
    const folder = folderOf(document);
    return folder !== undefined && accept(folder);
  };
};
const inChain = inFolder((folder) => folder < CHAIN);
/** Trees 0–3 are their departments'; tree 4 is public. */
const inTree = inFolder((folder) => folder >= CHAIN && treeOf(folder) < 4);
/** Of the first department, to whose three teams trees 0–2 belong. */
const inFirstTrees = inFolder((folder) => folder >= CHAIN && treeOf(folder) < 3);
const inPublicTree = inFolder((folder) => folder >= CHAIN && treeOf(folder) === 4);
const inAnyTree = inFolder((folder) => folder >= CHAIN);
/** In or under the fourth folder of a tree, which the tree's guild may view. */
const forGuild = inFolder((folder) => folder >= CHAIN && [3, 7, 8].includes((folder - CHAIN) % 10));
const isLoose: InBlock = (document) => document >= LOOSE_FROM;
const isOpen: InBlock = (document) => isPublic(document) || isForEveryone(document) || inPublicTree(document);
const hasBlocked: InBlock = (document) =>
  blockedUserOf(document) !== undefined || blockedSquadOf(document) !== undefined;
const isShared: InBlock = (document) => guildOfDocument(document) !== undefined;

const documentsThat = (...tests: readonly InBlock[]): readonly number[] =>
  Array.from({ length: DOCUMENTS }, (_, document) => document).filter((document) =>
    tests.every((test) => test(document)),
  );
const not =
  (test: InBlock): InBlock =>
  (document) =>
    !test(document);
const treeOfDocument = (document: number) => treeOf(folderOf(document) ?? 0);

/** Who is asked about. */
type Person = (of: Company, block: number, document: number, random: number) => string;

function kindOf(
  allowed: boolean,
  [name, weight]: readonly [name: string, weight: number],
  members: readonly string[],
  documents: readonly number[],
  person: Person,
): QuestionKind {
  if (documents.length === 0) throw new Error(`no document has a question of the kind ${name}`);
  return {
    name,
    allowed,
    weight,
    ask(of, block, random) {
      const document = documents[random % documents.length] ?? 0;
      const rest = Math.floor(random / DOCUMENTS);
      const object = { type: "document" as const, id: of.document(block, document) };
      return { object, member: members[rest % members.length] ?? "", subject: person(of, block, document, rest >> 2) };
    },
  };
}

const allow = kindOf.bind(undefined, true);
const deny = kindOf.bind(undefined, false);
const anybody: Person = (of, block, _, random) => of.user((block + random) % of.blocks, random % USERS);
const ofDivision =
  (from: number, count: number): Person =>
  (of, block, _, random) =>
    of.user(block, from + (random % count));
const ofTeam: Person = (of, block, document, random) => of.user(block, treeOfDocument(document) * 20 + (random % 20));

const ALLOWED: readonly QuestionKind[] = [
  allow(
    ["viewer by name", 4],
    ["view"],
    documentsThat((d) => viewingGuestOf(d) !== undefined),
    (of, block, d) => of.guest(block, viewingGuestOf(d) ?? 0),
  ),
  allow(
    ["editor by name", 3],
    ["edit", "share", "view"],
    documentsThat((d) => editingGuestOf(d) !== undefined),
    (of, block, d) => of.guest(block, editingGuestOf(d) ?? 0),
  ),
  allow(["owner by name", 4], ["view", "edit", "manage", "share"], documentsThat(not(hasBlocked)), (of, block, d) =>
    of.user(block, ownerOf(d)),
  ),
  allow(["viewer among 33", 1], ["view"], [POPULAR], (of, block, _, random) => of.guest(block, random % 33)),
  allow(["group 1 deep", 3], ["view"], documentsThat(isShared), (of, block, d, random) => {
    const one = of.guildMember(block, guildOfDocument(d) ?? 0, random % 10);
    return of.user(one.block, one.user);
  }),
  allow(["group 4 deep", 3], ["view"], documentsThat(isLoose), ofDivision(0, 40)),
  allow(["folders up to 9 deep, group 4 deep", 4], ["view"], documentsThat(inChain), ofDivision(0, 40)),
  allow(["folders up to 3 deep, group 2 deep", 6], ["view", "edit"], documentsThat(inAnyTree, not(hasBlocked)), ofTeam),
  allow(
    ["folders up to 3 deep, group 3 deep", 5],
    ["view"],
    documentsThat(inFirstTrees, not(hasBlocked)),
    ofDivision(0, 60),
  ),
  allow(
    ["folders up to 2 deep, group 1 deep", 3],
    ["view"],
    documentsThat(forGuild, not(hasBlocked)),
    (of, block, d, random) => {
      const one = of.guildMember(block, treeOfDocument(d), random % 10);
      return of.user(one.block, one.user);
    },
  ),
  allow(["owner of a folder up to 3 above", 3], ["manage", "edit", "share"], documentsThat(inAnyTree), (of, block, d) =>
    of.user(block, leadOf(treeOfDocument(d))),
  ),
  allow(["public document", 3], ["view"], documentsThat(isPublic), anybody),
  allow(["public folder up to 3 above", 2], ["view"], documentsThat(inPublicTree, not(hasBlocked)), anybody),
  allow(["the group of everyone", 2], ["view"], documentsThat(isForEveryone), anybody),
];

/** A guest is named on two documents and the popular one; 49 is on no popular one. */
const strangers: Person = (of, block) => of.guest(block, GUESTS - 1);
/** What guest 49 is not named on. */
const strange: InBlock = (document) => document !== POPULAR && document >> 2 !== GUESTS - 1;
/** Users 60–98 are the second department's; 79 and 99 own folders of the first. */
const ofSecondDepartment: Person = (of, block, _, random) =>
  of.user(block, 60 + (random % 2) * 20 + ((random >> 1) % 19));
/** Where there is one block only, nobody is of another: a guest then. */
const ofOtherBlock: Person = (of, block, document, random) =>
  of.blocks === 1
    ? strangers(of, block, document, random)
    : of.user((block + 1 + (random % (of.blocks - 1))) % of.blocks, random % USERS);

const DENIED: readonly QuestionKind[] = [
  deny(["stranger", 6], ["view", "edit"], documentsThat(strange, not(isOpen)), strangers),
  deny(["other division", 5], ["view"], documentsThat(inChain, not(isOpen), not(isShared)), ofOtherBlock),
  deny(
    ["other department", 5],
    ["view", "edit"],
    documentsThat(inFirstTrees, not(isOpen), not(isShared), not(forGuild)),
    ofSecondDepartment,
  ),
  deny(["viewer who would edit", 4], ["edit", "manage", "share"], documentsThat(inChain), ofDivision(40, 60)),
  deny(["editor who would manage", 4], ["manage"], documentsThat(inTree), (of, block, d) =>
    of.user(block, treeOfDocument(d) * 20 + ((d + 1) % 20)),
  ),
  deny(
    ["blocked by name", 5],
    ["view", "edit", "share"],
    documentsThat((d) => blockedUserOf(d) !== undefined),
    (of, block, d) => of.user(block, blockedUserOf(d) ?? 0),
  ),
  deny(
    ["blocked by group", 4],
    ["view", "share"],
    documentsThat((d) => blockedSquadOf(d) !== undefined),
    (of, block, d, random) => of.user(block, (blockedSquadOf(d) ?? 0) * 10 + (random % 10)),
  ),
  deny(["unknown user", 3], ["view", "edit"], documentsThat(not(isOpen)), (_, __, ___, random) => `nobody-${random}`),
];

const UNKNOWN: QuestionKind = {
  name: "unknown document",
  allowed: false,
  weight: 2,
  ask(of, block, random) {
    const object = { type: "document" as const, id: `${of.document(block, random % DOCUMENTS)}-0` };
    return { object, member: "view", subject: of.user(block, random % USERS) };
  },
};

const NAMED_IN_TREES = documentsThat(inTree, (document) => viewingGuestOf(document) !== undefined);

/** What is granted below says nothing about above: who is named on a document asks for its folder. */
const BELOW: QuestionKind = {
  name: "granted below",
  allowed: false,
  weight: 3,
  ask(of, block, random) {
    const document = NAMED_IN_TREES[random % NAMED_IN_TREES.length] ?? 0;
    const object = { type: "folder" as const, id: of.folder(block, folderOf(document) ?? 0) };
    return { object, member: "view", subject: of.guest(block, viewingGuestOf(document) ?? 0) };
  },
};

/** Each as often as it weighs. */
export const QUESTION_KINDS = {
  allowed: ALLOWED.flatMap((kind) => Array<QuestionKind>(kind.weight).fill(kind)),
  denied: [...DENIED, UNKNOWN, BELOW].flatMap((kind) => Array<QuestionKind>(kind.weight).fill(kind)),
};
