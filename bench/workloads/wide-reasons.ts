import type { Asked, Draw, Reason } from "./reasons.ts";
import { BOTH, besideGroups, documentOfWay, editingGroup, type WAYS, type WideDocuments } from "./wide-documents.ts";

type Way = keyof typeof WAYS;
/** @returns a user's id */
type Person = (of: WideDocuments, document: number, draw: Draw) => string;

/** Salts of `draw`: 1 the document, 2 the group, 3 the member, 4 the permission; 100 and up somebody outside. */
const memberOf = (of: WideDocuments, group: number, draw: Draw) =>
  of.user(of.member(group, draw(3, of.groups[group]?.size ?? 1)));

/** Drawn until it fits: the groups of one document hold less than three quarters of all users. */
function outside(of: WideDocuments, groups: readonly number[], draw: Draw): string {
  for (let attempt = 100; ; attempt += 1) {
    const user = draw(attempt, of.users);
    if (!groups.some((group) => of.holds(group, user))) return of.user(user);
  }
}

const guestOf = (which: 0 | 1) => (of: WideDocuments, document: number) => of.guest(2 * document + which);

/** The reasons of the wide groups' answers. A group's members and those of groups within it come from ranges of numbers. */
export function wideReasons(of: WideDocuments): readonly Reason[] {
  const reason =
    (allowed: boolean) =>
    (name: string, weight: number, ways: readonly Way[], members: readonly string[], person: Person): Reason => ({
      name,
      allowed,
      weight,
      ask(draw): Asked {
        const way = ways[draw(4, ways.length)] ?? "widest";
        const document = documentOfWay(of, way, draw(1, 1 << 30));
        const object = { type: "document", id: of.document(document) };
        return { object, member: members[draw(5, members.length)] ?? "", user: person(of, document, draw) };
      },
    });
  const [allow, deny] = [reason(true), reason(false)];
  return [
    allow("member of the widest group", 6, ["widest"], ["view"], (_, __, draw) => memberOf(of, 0, draw)),
    allow("member of the widest group within a wide one", 4, ["within"], ["view"], (_, __, draw) =>
      memberOf(of, 0, draw),
    ),
    allow("member of a wide group that holds others", 3, ["within"], ["view"], (_, __, draw) => memberOf(of, 1, draw)),
    allow("member of one of two wide groups", 4, ["beside"], ["view"], (_, document, draw) =>
      memberOf(of, besideGroups(of, document)[draw(2, 2)] ?? 0, draw),
    ),
    allow("member of wide groups in a group", 4, ["both"], ["view"], (_, __, draw) =>
      memberOf(of, BOTH[draw(2, BOTH.length)] ?? 0, draw),
    ),
    allow("editor by a wide group", 3, ["within"], ["edit", "view"], (_, document, draw) =>
      memberOf(of, editingGroup(of, document), draw),
    ),
    allow("owner by name", 2, ["widest", "within", "beside", "both"], ["view", "edit"], guestOf(0)),
    allow("viewer by name beside a wide group", 2, ["widest"], ["view"], guestOf(1)),
    deny("in no widest group", 6, ["widest"], ["view", "edit"], (_, __, draw) => outside(of, [0], draw)),
    deny("in neither of two wide groups", 4, ["beside"], ["view"], (_, document, draw) =>
      outside(of, besideGroups(of, document), draw),
    ),
    deny("in no group within a wide one", 4, ["within"], ["view"], (_, document, draw) =>
      outside(of, [1, editingGroup(of, document)], draw),
    ),
    deny("in no wide group of a group", 4, ["both"], ["view"], (_, __, draw) => outside(of, BOTH, draw)),
    deny("viewer by a wide group who would edit", 4, ["widest", "both"], ["edit"], (_, __, draw) =>
      memberOf(of, 0, draw),
    ),
    deny("guest of another document", 3, ["widest", "within", "beside", "both"], ["view"], (_, document, draw) =>
      of.guest((2 * document + 2 + draw(2, 2 * of.documents - 2)) % (2 * of.documents)),
    ),
    deny("unknown user", 2, ["widest", "both"], ["view"], (_, __, draw) => `nobody-${draw(2, 1 << 30)}`),
  ];
}
