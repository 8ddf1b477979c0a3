import {
  blockedOf,
  blockedUser,
  documentId,
  editor,
  type HotDocuments,
  insiderNear,
  outsiderNear,
  owner,
  userId,
  viewer,
  viewersOf,
  withBlocked,
} from "./hot-documents.ts";
import type { Draw, Reason } from "./reasons.ts";
import { type DrawRank, zipf } from "./zipf.ts";

/** @returns a user's id. Salts of `draw`: 1 the permission, 2 and 3 the document, 4 and 5 the user's rank. */
type Person = (document: number, draw: Draw) => string;

/** The reasons of the hot documents' answers: objects are drawn by Zipf's law, and so are users where there is a choice. */
export function hotReasons(of: HotDocuments): readonly Reason[] {
  const [anyDocument, anyUser] = [zipf(of.documents), zipf(of.users)];
  // As many documents have viewers by name as the hottest has viewers.
  const withViewers = zipf(of.mostViewers);
  const anyViewer = withViewers;
  const reason =
    (allowed: boolean) =>
    (name: string, weight: number, members: readonly string[], document: DrawRank, person: Person): Reason => ({
      name,
      allowed,
      weight,
      ask(draw) {
        const rank = document(draw, 2);
        const object = { type: "document", id: documentId(rank) };
        return { object, member: members[draw(1, members.length)] ?? "", user: person(rank, draw) };
      },
    });
  const [allow, deny] = [reason(true), reason(false)];
  const insider: Person = (document, draw) => userId(insiderNear(of, document, anyUser(draw, 4)));
  return [
    allow("member of one of its groups", 10, ["view"], anyDocument, insider),
    allow("viewer by name among many", 5, ["view"], withViewers, (document, draw) =>
      viewer(of, document, anyViewer(draw, 4) % viewersOf(of, document)),
    ),
    allow("owner", 2, ["view", "edit"], anyDocument, (document) => owner(of, document)),
    allow("editor of the folder", 3, ["edit", "view"], anyDocument, (document) => editor(of, document)),
    deny("member of other groups", 10, ["view"], anyDocument, (document, draw) =>
      userId(outsiderNear(of, document, anyUser(draw, 4))),
    ),
    deny("blocked member", 4, ["view"], zipf(withBlocked(of)), (document, draw) =>
      userId(blockedUser(of, document, anyViewer(draw, 4) % blockedOf(of, document))),
    ),
    deny("not among the viewers", 4, ["view"], withViewers, (document, draw) => {
      const viewers = viewersOf(of, document);
      return viewer(of, document, viewers + (anyViewer(draw, 4) % (of.guests - viewers)));
    }),
    deny("viewer who would edit", 3, ["edit"], anyDocument, insider),
    deny("owner of another document", 1, ["view", "edit"], anyDocument, (document, draw) =>
      owner(of, document + 1 + draw(4, of.owners - 1)),
    ),
    deny("unknown user", 1, ["view"], anyDocument, (_, draw) => `nobody-${draw(4, 1 << 30)}`),
  ];
}
