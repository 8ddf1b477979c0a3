import { type Archive, PEOPLE, RECORDS } from "./exclusion-archive.ts";
import { type Facts, factsOf } from "./exclusion-facts.ts";
import type { Reason } from "./reasons.ts";

type Test = (facts: Facts) => boolean;

const onRecord: Test = ({ author, named, grouped }) => author || named || grouped;
const granted: Test = (facts) => onRecord(facts) || facts.browsesFrom !== undefined;
const briefed: Test = (facts) => facts.briefedByName || facts.briefedByGroup;
const active: Test = ({ sworn, dismissed }) => sworn && dismissed === undefined;
const cleared: Test = (facts) => briefed(facts) && active(facts) && facts.revoked === undefined;
const recused: Test = (facts) => facts.recused !== undefined;
const free: Test = (facts) => !recused(facts);
const views: Test = (facts) => granted(facts) && cleared(facts) && free(facts);

/** Of a record and a person of the same block. */
interface Kind {
  readonly name: string;
  readonly allowed: boolean;
  readonly weight: number;
  readonly member: "view" | "declassify";
  readonly tests: readonly Test[];
}

function kindOf(
  allowed: boolean,
  member: Kind["member"],
  name: string,
  weight: number,
  ...tests: readonly Test[]
): Kind {
  return { name, allowed, weight, member, tests };
}

type Pairs = readonly { readonly record: number; readonly person: number; readonly facts: Facts }[];

let all: Pairs | undefined;

/** Each record of a block with each person that the kind is about: the blocks are alike. */
function pairsThat({ name, tests }: Kind): Pairs {
  all ??= Array.from({ length: RECORDS * PEOPLE }, (_, pair) => {
    const [record, person] = [Math.floor(pair / PEOPLE), pair % PEOPLE];
    return { record, person, facts: factsOf(record, person) };
  });
  const pairs = all.filter(({ facts }) => tests.every((test) => test(facts)));
  if (pairs.length === 0) throw new Error(`no record and person have a question of the kind: ${name}`);
  return pairs;
}

const ALLOWED: readonly Kind[] = [
  kindOf(true, "view", "author who is cleared", 3, cleared, free, ({ author }) => author),
  kindOf(true, "view", "reader by name who is cleared", 3, cleared, free, ({ named }) => named),
  kindOf(true, "view", "reader by group who is cleared", 3, cleared, free, ({ grouped }) => grouped),
  kindOf(true, "view", "reads the collection", 4, cleared, free, (one) => !onRecord(one) && one.browsesFrom === 0),
  kindOf(true, "view", "reads far above", 5, cleared, free, (one) => !onRecord(one) && (one.browsesFrom ?? 0) > 1),
  kindOf(true, "view", "cleared by name", 3, cleared, free, granted, (one) => !one.briefedByGroup),
  kindOf(true, "view", "banned above, reader here", 3, cleared, free, onRecord, (one) => one.bannedFrom !== undefined),
  kindOf(true, "view", "let in again below a ban", 3, cleared, free, (one) => !onRecord(one) && one.readmitted),
  kindOf(true, "view", "revoked elsewhere", 3, cleared, free, granted, ({ revokedElsewhere }) => revokedElsewhere),
  kindOf(true, "declassify", "curator of what is open", 4, views, ({ curator, sealed }) => curator && !sealed),
];

/** All that is needed but for one operand. */
const DENIED: readonly Kind[] = [
  kindOf(false, "view", "not briefed", 4, granted, active, free, (one) => !briefed(one) && one.revoked === undefined),
  kindOf(false, "view", "not sworn", 3, granted, briefed, free, (one) => !one.sworn && one.dismissed === undefined),
  ...(["by name", "by group"] as const).flatMap((how) => [
    kindOf(false, "view", `revoked ${how}`, 3, granted, briefed, active, free, ({ revoked }) => revoked === how),
    kindOf(false, "view", `recused ${how}`, 3, granted, cleared, (one) => one.recused === how),
  ]),
  ...(["by name", "by group", "by group in group"] as const).map((how) =>
    kindOf(false, "view", `dismissed ${how}`, 2, granted, briefed, free, dismissedAlone(how)),
  ),
  kindOf(false, "view", "no reader", 4, cleared, free, (one) => !granted(one) && one.bannedFrom === undefined),
  kindOf(false, "view", "banned here", 3, cleared, free, (one) => !granted(one) && one.bannedFrom === 0),
  kindOf(false, "view", "banned above", 3, cleared, free, (one) => !granted(one) && (one.bannedFrom ?? 0) > 0),
  kindOf(false, "declassify", "curator of what is sealed", 2, views, ({ curator, sealed }) => curator && sealed),
  kindOf(false, "declassify", "viewer, no curator", 2, views, ({ curator, sealed }) => !curator && !sealed),
  kindOf(false, "declassify", "curator, no viewer", 2, (one) => one.curator && !one.sealed && !views(one)),
];

function dismissedAlone(how: Facts["dismissed"]): Test {
  return ({ dismissed, sworn, revoked }) => dismissed === how && sworn && revoked === undefined;
}

export function exclusionReasons(of: Archive): readonly Reason[] {
  const known = [...ALLOWED, ...DENIED].map((kind): Reason => {
    let pairs: Pairs | undefined;
    return {
      ...kind,
      ask(draw) {
        pairs ??= pairsThat(kind);
        const block = draw(1, of.blocks);
        const { record, person } = pairs[draw(2, pairs.length)] as Pairs[number];
        const object = { type: "record", id: of.record(block, record) };
        return { object, member: kind.member, user: of.person(block, person) };
      },
    };
  });
  const stranger: Reason = {
    name: "stranger",
    allowed: false,
    weight: 2,
    ask: (draw) => ({
      object: { type: "record", id: of.record(draw(1, of.blocks), draw(2, RECORDS)) },
      member: "view",
      user: `nobody-${draw(3, 1 << 30)}`,
    }),
  };
  return [...known, stranger];
}
