import {
  foreignTriager,
  hasBranch,
  hasForeignTriager,
  hasLeafAdmin,
  hasLoneAdmin,
  hasMaintainers,
  hasOutsideReader,
  hasOutsideWriter,
  IN_NO_TEAM,
  isArchived,
  isForTeams,
  isInternal,
  isPublic,
  leafOf,
  maintainerOfLeaf,
  NAMED_ALONE,
  type Organizations,
  PEOPLE,
  REPOSITORIES,
  readingLevel,
} from "./code-organization.ts";
import { organizationReasons, teamReasons } from "./code-team-reasons.ts";
import type { Draw, Reason } from "./reasons.ts";

/** @returns a user's id. Salts of `draw`: 1 the organisation, 2 the repository, 3 the permission, 4 and up the person. */
type Person = (of: Organizations, organization: number, repository: number, draw: Draw) => string;
type Which = (repository: number) => boolean;

const not =
  (which: Which): Which =>
  (repository) =>
    !which(repository);
const isLive = not(isArchived);
const forAll: Which = (repository) => isForTeams(repository) && readingLevel(repository) === 0;
const forHalf: Which = (repository) => isForTeams(repository) && readingLevel(repository) === 1;

/** Somebody of a team who shares so many levels of teams, less one, with the repository's home: 5 is the home itself. */
const sharing =
  (level: number): Person =>
  (of, organization, repository, draw) => {
    const bit = level === 5 ? 0 : 1 << (4 - level);
    const below = Math.max(1, bit);
    const leaf = ((leafOf(repository) ^ bit) & ~(below - 1)) | draw(5, below);
    return of.person(organization, maintainerOfLeaf(leaf) + draw(4, 3));
  };
const owner: Person = (of, organization, _, draw) => of.person(organization, draw(4, 2));
const leafMaintainer: Person = (of, organization, repository) =>
  of.person(organization, maintainerOfLeaf(leafOf(repository)));
const alone: Person = (of, organization) => of.person(organization, NAMED_ALONE);
const inNoTeam: Person = (of, organization) => of.person(organization, IN_NO_TEAM);
const outsider: Person = (of, organization, repository) => of.outsider(organization, repository);
const stranger: Person = (of, organization, _, draw) => of.outsider(organization, REPOSITORIES + draw(4, REPOSITORIES));
const ofAnother: Person = (of, organization, repository, draw) =>
  of.count === 1
    ? stranger(of, organization, repository, draw)
    : of.person((organization + 1 + draw(5, of.count - 1)) % of.count, draw(4, PEOPLE));

const WITHOUT_BRANCH = { type: "repository", id: (of: Organizations, o: number, r: number) => of.repository(o, r) };
const BRANCH = { type: "branch", id: (of: Organizations, o: number, r: number) => of.branch(o, r) };

export function codeReasons(of: Organizations): readonly Reason[] {
  const about =
    (allowed: boolean, { type, id }: typeof BRANCH) =>
    (name: string, weight: number, members: readonly string[], which: readonly Which[], person: Person): Reason => {
      const among = Array.from({ length: REPOSITORIES }, (_, number) => number).filter((number) =>
        which.every((test) => test(number)),
      );
      if (among.length === 0) throw new Error(`no ${type} has a question of the kind ${name}`);
      return {
        name,
        allowed,
        weight,
        ask(draw) {
          const organization = draw(1, of.count);
          const repository = among[draw(2, among.length)] ?? 0;
          const member = members[draw(3, members.length)] ?? "";
          const object = { type, id: id(of, organization, repository) };
          return { object, member, user: person(of, organization, repository, draw) };
        },
      };
    };
  return [
    ...repositoriesAllowed(about(true, WITHOUT_BRANCH)),
    ...repositoriesDenied(about(false, WITHOUT_BRANCH)),
    ...branches(about(true, BRANCH), about(false, BRANCH)),
    ...teamReasons(of),
    ...organizationReasons(of),
  ];
}

type Make = (
  name: string,
  weight: number,
  members: readonly string[],
  which: readonly Which[],
  person: Person,
) => Reason;

const repositoriesAllowed = (allow: Make): readonly Reason[] => [
  allow("reader, teams 5 deep", 6, ["read", "clone"], [forAll], sharing(0)),
  allow("reader, teams 4 deep", 4, ["read", "open_issue"], [forHalf, isLive], sharing(1)),
  allow("triager, teams 3 deep", 4, ["triage", "label_issue", "read"], [isLive], sharing(2)),
  allow("writer, teams 2 deep", 6, ["push", "write", "read"], [isLive], sharing(3)),
  allow("maintainer, teams 1 deep", 4, ["edit_settings", "push"], [hasMaintainers, isLive], sharing(4)),
  allow("admin by name", 3, ["admin", "edit_settings", "push"], [hasLeafAdmin, isLive], leafMaintainer),
  allow("admin by name in no team", 2, ["admin", "push", "read"], [hasLoneAdmin], alone),
  allow("owner of the organisation", 4, ["admin", "push", "read"], [isLive], owner),
  allow("owner revives what is archived", 1, ["unarchive"], [isArchived], owner),
  allow("outside reader", 3, ["read", "open_issue"], [hasOutsideReader], outsider),
  allow("outside writer", 3, ["push", "read"], [hasOutsideWriter, isLive], outsider),
  allow("triager of another organisation", 2, ["label_issue", "read"], [hasForeignTriager], foreignTriager),
  allow("public repository", 4, ["read", "open_issue"], [isPublic], ofAnother),
  allow("internal repository", 3, ["read", "clone"], [isInternal], inNoTeam),
  allow("archived is read", 2, ["clone"], [isArchived, isForTeams], sharing(1)),
];

const repositoriesDenied = (deny: Make): readonly Reason[] => [
  deny("stranger", 6, ["read", "push"], [not(isPublic)], stranger),
  deny("member of another organisation", 6, ["read", "clone"], [not(isPublic), not(hasForeignTriager)], ofAnother),
  deny("in no team", 4, ["read", "triage"], [isForTeams], inNoTeam),
  deny("of the other half", 5, ["read", "write"], [forHalf], sharing(0)),
  deny("reader who would triage", 4, ["label_issue", "push"], [], sharing(1)),
  deny("triager who would push", 5, ["push", "maintain"], [], sharing(2)),
  deny("writer who would edit settings", 4, ["edit_settings", "admin"], [], sharing(3)),
  deny("maintainer who would be admin", 3, ["admin", "unarchive"], [hasMaintainers], sharing(5)),
  deny("archived", 4, ["push", "label_issue", "open_issue", "edit_settings"], [isArchived], owner),
  deny("outside reader who would push", 2, ["push", "triage"], [hasOutsideReader], outsider),
  deny("unknown user", 2, ["read"], [not(isPublic)], (_, __, ___, draw) => `nobody-${draw(4, 1 << 30)}`),
];

const branches = (allow: Make, deny: Make): readonly Reason[] => [
  allow("on the branch's list, by team", 4, ["push"], [hasBranch, isLive], sharing(4)),
  allow("on the branch's list, by name", 2, ["push"], [hasBranch, hasOutsideWriter, isLive], outsider),
  allow("owner overrides the branch's list", 1, ["override_protection"], [hasBranch], owner),
  deny("writer who is not on the branch's list", 4, ["push"], [hasBranch], sharing(3)),
  deny("on the branch's list without a role", 2, ["push"], [hasBranch, not(hasOutsideWriter)], alone),
  deny("branch of an archived repository", 2, ["push"], [hasBranch, isArchived], sharing(5)),
];
