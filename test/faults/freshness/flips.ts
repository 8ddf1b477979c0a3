import { parseTuple } from "../../../src/model/tuple-text.ts";
import type { Random } from "../random.ts";

/** Groups in groups, folders over documents, exclusions, conditions and ends: parts of different ages would show. */
export const FLIPS_SCHEMA = `use expiration
caveat on_shift(shift string, current string) {
  shift == current
}
definition user {}
definition group {
  relation member: user | group#member
}
definition folder {
  relation viewer: user | user with on_shift | user with expiration | group#member
}
definition document {
  relation parent: folder
  relation viewer: user | user with on_shift | user with expiration | group#member
  relation banned: user | group#member
  permission view = (viewer + parent->viewer) - banned
}
`;

/** The schema changes as well, to and fro: who is banned may view, or may not. No tuple stands in the way of either. */
export const SCHEMAS: readonly string[] = [
  FLIPS_SCHEMA,
  FLIPS_SCHEMA.replace("(viewer + parent->viewer) - banned", "viewer + parent->viewer"),
];

/** What is asked with, so that no answer depends on a missing value. */
export const CONTEXT = { current: "day" } as const;

export const USERS = ["u0", "u1", "u2", "u3"] as const;
export const DOCUMENTS = ["d0", "d1", "d2"] as const;

/** Clocks of nodes jump by hours: these ends are far from any of them. */
const FORMS = [
  "",
  '[on_shift:{"shift":"day"}]',
  '[on_shift:{"shift":"night"}]',
  "[expiration:2999-01-01T00:00:00Z]",
  "[expiration:2020-01-01T00:00:00Z]",
];

/** Every tuple that comes and goes, with the forms it comes in. */
const TOGGLES: readonly { readonly key: string; readonly forms: readonly string[] }[] = [
  ...USERS.map((user) => plain(`group:g0#member@user:${user}`)),
  plain("group:g1#member@user:u0"),
  plain("group:g1#member@group:g0#member"),
  ...["f0", "f1"].flatMap((folder) => ["u0", "u1"].map((user) => formed(`folder:${folder}#viewer@user:${user}`))),
  plain("folder:f0#viewer@group:g0#member"),
  plain("folder:f1#viewer@group:g1#member"),
  ...DOCUMENTS.flatMap((document) =>
    ["f0", "f1"].map((folder) => plain(`document:${document}#parent@folder:${folder}`)),
  ),
  formed("document:d0#viewer@user:u3"),
  plain("document:d1#viewer@group:g1#member"),
  ...DOCUMENTS.map((document) => plain(`document:${document}#banned@user:u1`)),
  plain("document:d0#banned@group:g1#member"),
];

function plain(key: string) {
  return { key, forms: [""] };
}

function formed(key: string) {
  return { key, forms: FORMS };
}

/** One update: `~` puts a tuple, `-` takes one away, as in `~document:d0#parent@folder:f1`. */
export type Flip = string;

/** Each writer notes its newest writes here, so that the members tell how far an answer has seen. */
export const LOG = "group:log";
const REMEMBERED = 3;

/** The n-th write of a writer: a few tuples come or go or change, and the log moves on. */
export function randomFlips(random: Random, writer: string, n: number): readonly Flip[] {
  const flips = new Map<string, Flip>();
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const { key, forms } = pick(random, TOGGLES);
    const isThere = random.below(5) < 3;
    flips.set(key, isThere ? `~${key}${pick(random, forms)}` : `-${key}`);
  }
  const old = Array.from({ length: REMEMBERED }, (_, index) => n - 1 - index).filter((number) => number >= 0);
  return [
    ...flips.values(),
    `~${LOG}#member@user:${writer}-${n}`,
    ...old.map((number) => `-${LOG}#member@user:${writer}-${number}`),
  ];
}

/** Tuples after some flips, by key, as text. */
export function applyFlips(tuples: ReadonlyMap<string, string>, flips: readonly Flip[]): ReadonlyMap<string, string> {
  const after = new Map(tuples);
  for (const flip of flips) {
    const text = flip.slice(1);
    const key = text.split("[")[0] ?? text;
    if (flip[0] === "~") after.set(key, text);
    else after.delete(key);
  }
  return after;
}

/** What is asked. Questions are tuples: `document:d0#view@user:u1`. */
export type Ask =
  | { readonly kind: "check"; readonly question: string }
  | { readonly kind: "batch"; readonly questions: readonly string[] }
  /** Ids of the documents that a user may view. */
  | { readonly kind: "resources"; readonly user: string }
  /** Ids of the users in a relation or permission. */
  | { readonly kind: "subjects"; readonly object: string; readonly permission: string };

const QUESTIONS: readonly string[] = [
  ...DOCUMENTS.flatMap((document) => USERS.map((user) => `document:${document}#view@user:${user}`)),
  ...USERS.map((user) => `folder:f1#viewer@user:${user}`),
  "group:g1#member@user:u2",
  "document:d1#view@group:g0#member",
];

export function randomAsk(random: Random): Ask {
  switch (random.below(6)) {
    case 0:
    case 1:
      return { kind: "check", question: pick(random, QUESTIONS) };
    case 2:
    case 3:
      return { kind: "batch", questions: QUESTIONS };
    case 4:
      return { kind: "resources", user: pick(random, USERS) };
    default:
      return random.below(2) === 0
        ? { kind: "subjects", object: `document:${pick(random, DOCUMENTS)}`, permission: "view" }
        : { kind: "subjects", object: LOG, permission: "member" };
  }
}

export function pick<T>(random: Random, list: readonly T[]): T {
  const chosen = list[random.below(list.length)];
  if (chosen === undefined) throw new Error("nothing to choose from");
  return chosen;
}

/** The same question for everybody who asks it. */
export function keyOfAsk(ask: Ask): string {
  switch (ask.kind) {
    case "check":
      return ask.question;
    case "batch":
      return ask.questions.join(" ");
    case "resources":
      return `? ${ask.user}`;
    case "subjects":
      return `${ask.object}#${ask.permission} ?`;
  }
}

export function parseQuestion(text: string) {
  const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = parseTuple(text);
  return {
    object: { type: objectType, id: objectId },
    permission: relation,
    subject: { type: subjectType, id: subjectId, relation: subjectRelation },
  };
}
