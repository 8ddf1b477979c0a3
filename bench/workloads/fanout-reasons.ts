import { type Drive, GUEST_DIGIT, IDLERS, KEPT_DIGIT, LEVELS } from "./fanout-drive.ts";
import type { Draw, Reason } from "./reasons.ts";

/** Salts of `draw`: 1 the document, 2 the level, 3 who, 4 the permission. */
const MEMBERS = ["view", "read"] as const;
const numberAt = (level: number, document: number) => Math.floor(document / 10 ** level);

/** Every permission is asked for what the lookups list, document by document. */
export function fanoutReasons(of: Drive): readonly Reason[] {
  const reason =
    (allowed: boolean) =>
    (
      name: string,
      weight: number,
      members: readonly string[],
      /** Which of ten documents; undefined: any. */
      digit: number | undefined,
      user: (document: number, draw: Draw) => string,
    ): Reason => ({
      name,
      allowed,
      weight,
      ask(draw) {
        const any = draw(1, of.documents);
        const document = digit === undefined ? any : any - (any % 10) + digit;
        const object = { type: "document", id: of.document(document) };
        return { object, member: members[draw(4, members.length)] ?? "", user: user(document, draw) };
      },
    });
  const [allow, deny] = [reason(true), reason(false)];
  const above = (person: "reader" | "outsider") => (document: number, draw: Draw) => {
    const level = LEVELS[draw(2, LEVELS.length)] ?? 1;
    return of[person](of.placeOf(level, numberAt(level, document)));
  };
  const beside = (document: number, draw: Draw) => {
    const levels = LEVELS.filter((level) => of.folders(level) > 1);
    const level = levels[draw(2, levels.length)] ?? 1;
    return of.reader(of.placeOf(level, otherThan(numberAt(level, document), of.folders(level), draw)));
  };
  const tens = of.documents / 10;
  return [
    allow("reader of a folder above", 6, MEMBERS, undefined, above("reader")),
    allow("outsider who views", 4, ["view"], undefined, above("outsider")),
    allow("outsider who reads", 4, ["read"], KEPT_DIGIT + 1, above("outsider")),
    allow("owner", 3, MEMBERS, undefined, (document) => of.owner(of.ownerOf(document))),
    allow("guest", 2, MEMBERS, GUEST_DIGIT, of.guest),
    deny("outsider who is kept out", 6, ["read"], KEPT_DIGIT, above("outsider")),
    deny("reader of another folder", 6, MEMBERS, undefined, beside),
    deny("owner of others", 3, MEMBERS, undefined, (document, draw) =>
      of.owner(otherThan(of.ownerOf(document), tens, draw)),
    ),
    deny("guest of another", 3, MEMBERS, undefined, (document, draw) =>
      of.guest(10 * otherThan(Math.floor(document / 10), tens, draw) + GUEST_DIGIT),
    ),
    deny("in a group without anything", 1, MEMBERS, undefined, (_, draw) => of.idler(draw(3, IDLERS))),
    deny("unknown user", 1, MEMBERS, undefined, (_, draw) => `nobody-${draw(3, 1 << 30)}`),
  ];
}

/** Another number below `count`, which is at least 2. */
function otherThan(number: number, count: number, draw: Draw): number {
  return (number + 1 + draw(3, count - 1)) % count;
}
