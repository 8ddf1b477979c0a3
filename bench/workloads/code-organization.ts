import type { TupleKey } from "../../src/model/tuple.ts";
import { namer } from "./ids.ts";
import { objectOn, userOn } from "./tuple-of.ts";

/**
 * Organisations of exactly 1,000 tuples each, for schema/examples/code-hosting.zed. An organisation has
 *  - 100 people: owners 0 and 1, members 2 to 99, of whom 97 also sees to the bills, and 98 and 99 are in no team;
 *  - 63 teams, a tree of six levels: team 0 is all, the children of t are 2t + 1 and 2t + 2. Leaf l is team 31 + l and has
 *    people 3l + 2 (its maintainer) to 3l + 4. A team above is maintained by the last person of its leftmost leaf;
 *  - 90 repositories, each at home in a leaf. Teams above that leaf have roles in it: the one of level 0 or 1 reads (or
 *    everybody, or the organisation), of level 2 triages, of level 3 writes, of level 4 maintains some. People from outside
 *    have roles by name, one repository in ten is archived, and every second has a protected branch.
 */
export interface Organizations {
  readonly count: number;
  organization(organization: number): string;
  person(organization: number, person: number): string;
  /** Outsider r is for repository r; those from REPOSITORIES on, up to twice that, have no rights at all. */
  outsider(organization: number, outsider: number): string;
  team(organization: number, team: number): string;
  repository(organization: number, repository: number): string;
  branch(organization: number, repository: number): string;
  /** Somebody whom no question and no stored tuple names. */
  spare(number: number): string;
}

export const TUPLES_PER_ORGANIZATION = 1_000;
export const PEOPLE = 100;
export const TEAMS = 63;
export const REPOSITORIES = 90;
export const LEAVES = 32;
const FIRST_LEAF = 31;
export const BILLS = 97;
/** In no team: the first is named here and there, the second nowhere. */
export const NAMED_ALONE = 98;
export const IN_NO_TEAM = 99;

export function organizations(count: number): Organizations {
  const names = { o: namer("o", 1, 12), p: namer("u", 2, 12), x: namer("x", 3, 12), t: namer("t", 4, 12) };
  const things = { repository: namer("r", 5, 12), branch: namer("b", 6, 12), spare: namer("s", 7, 12) };
  return {
    count,
    organization: names.o,
    person: (organization, person) => names.p(organization * PEOPLE + person),
    outsider: (organization, outsider) => names.x(organization * 2 * REPOSITORIES + outsider),
    team: (organization, team) => names.t(organization * TEAMS + team),
    repository: (organization, repository) => things.repository(organization * REPOSITORIES + repository),
    branch: (organization, repository) => things.branch(organization * REPOSITORIES + repository),
    spare: things.spare,
  };
}

export const leafOf = (repository: number) => repository % LEAVES;
/** The team of a level, 0 to 5, that the leaf is or lies under. */
export const teamAbove = (leaf: number, level: number) => ((LEAVES + leaf) >> (5 - level)) - 1;
export const maintainerOfLeaf = (leaf: number) => 3 * leaf + 2;

/** @returns a person */
export function maintainerOf(team: number): number {
  if (team >= FIRST_LEAF) return maintainerOfLeaf(team - FIRST_LEAF);
  let leftmost = team;
  while (leftmost < FIRST_LEAF) leftmost = 2 * leftmost + 1;
  return 3 * (leftmost - FIRST_LEAF) + 4;
}

export const isPublic = (repository: number) => repository % 10 === 3;
export const isInternal = (repository: number) => repository % 10 === 6 || repository % 10 === 9;
export const isArchived = (repository: number) => repository % 10 === 5;
export const isForTeams = (repository: number) => !isPublic(repository) && !isInternal(repository);
/** The level of the team that may read, where teams may. */
export const readingLevel = (repository: number) => repository % 2;
export const hasMaintainers = (repository: number) => repository % 3 === 0;
/** By name: the maintainer of the home leaf, or who is in no team. */
export const hasLeafAdmin = (repository: number) => repository % 3 === 1;
export const hasLoneAdmin = (repository: number) => repository % 6 === 2;
export const hasOutsideReader = (repository: number) => repository % 4 === 0;
export const hasOutsideWriter = (repository: number) => repository % 4 === 1;
/** A person of another organisation triages. */
export const hasForeignTriager = (repository: number) => repository % 4 === 2;
/** Its protected branch takes pushes of the team of level 4, and of one person: the outside writer or who is in no team. */
export const hasBranch = (repository: number) => repository % 2 === 1;

/** Where there is one organisation only: an outsider. */
export function foreignTriager(of: Organizations, organization: number, repository: number): string {
  if (of.count === 1) return of.outsider(organization, repository);
  return of.person((organization + 1 + (repository % (of.count - 1))) % of.count, 2 + repository);
}

export function aboutOrganization(of: Organizations, organization: number): readonly TupleKey[] {
  return Array.from({ length: PEOPLE + 1 }, (_, person) => {
    const relation = person === PEOPLE ? "billing_manager" : person < 2 ? "owner" : "direct_member";
    const who = of.person(organization, person === PEOPLE ? BILLS : person);
    return userOn("organization", of.organization(organization), relation, who);
  });
}

export function aboutTeam(of: Organizations, organization: number, team: number): readonly TupleKey[] {
  const id = of.team(organization, team);
  const person = (relation: string, who: number) => userOn("team", id, relation, of.person(organization, who));
  const tuples = [
    objectOn("team", id, "organization", "organization", of.organization(organization)),
    person("maintainer", maintainerOf(team)),
  ];
  if (team < FIRST_LEAF) {
    for (const child of [2 * team + 1, 2 * team + 2])
      tuples.push(objectOn("team", id, "child", "team", of.team(organization, child)));
    return tuples;
  }
  const first = maintainerOf(team);
  tuples.push(person("direct_member", first + 1), person("direct_member", first + 2));
  return tuples;
}

export function aboutRepository(of: Organizations, organization: number, repository: number): readonly TupleKey[] {
  const id = of.repository(organization, repository);
  const home = leafOf(repository);
  const user = (relation: string, who: string) => userOn("repository", id, relation, who);
  const person = (relation: string, who: number) => user(relation, of.person(organization, who));
  const team = (relation: string, level: number) =>
    objectOn("repository", id, relation, "team", of.team(organization, teamAbove(home, level)), "member");
  const owner = of.organization(organization);
  const tuples = [
    objectOn("repository", id, "organization", "organization", owner),
    isPublic(repository)
      ? user("read_role", "*")
      : isInternal(repository)
        ? objectOn("repository", id, "read_role", "organization", owner, "member")
        : team("read_role", readingLevel(repository)),
    team("triage_role", 2),
    team("write_role", 3),
  ];
  if (hasMaintainers(repository)) tuples.push(team("maintain_role", 4));
  if (hasLeafAdmin(repository)) tuples.push(person("admin_role", maintainerOfLeaf(home)));
  if (hasLoneAdmin(repository)) tuples.push(person("admin_role", NAMED_ALONE));
  if (hasOutsideReader(repository)) tuples.push(user("read_role", of.outsider(organization, repository)));
  if (hasOutsideWriter(repository)) tuples.push(user("write_role", of.outsider(organization, repository)));
  if (hasForeignTriager(repository)) tuples.push(user("triage_role", foreignTriager(of, organization, repository)));
  if (isArchived(repository)) tuples.push(user("archived", "*"));
  return tuples;
}

export function aboutBranch(of: Organizations, organization: number, repository: number): readonly TupleKey[] {
  if (!hasBranch(repository)) return [];
  const id = of.branch(organization, repository);
  const pushers = of.team(organization, teamAbove(leafOf(repository), 4));
  const alone = hasOutsideWriter(repository)
    ? of.outsider(organization, repository)
    : of.person(organization, NAMED_ALONE);
  return [
    objectOn("branch", id, "repository", "repository", of.repository(organization, repository)),
    objectOn("branch", id, "allowed_pusher", "team", pushers, "member"),
    userOn("branch", id, "allowed_pusher", alone),
  ];
}
