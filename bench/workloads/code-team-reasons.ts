import {
  BILLS,
  LEAVES,
  maintainerOf,
  maintainerOfLeaf,
  type Organizations,
  PEOPLE,
  REPOSITORIES,
  teamAbove,
} from "./code-organization.ts";
import type { Draw, Reason } from "./reasons.ts";

/** The reasons of questions about teams. Salts of `draw`: 1 the organisation, 2 the leaf, 3 the level, 4 the person. */
export function teamReasons(of: Organizations): readonly Reason[] {
  /** @param lowest 5 for leaves too @param who a person, given the leaf */
  const about =
    (allowed: boolean) =>
    (
      name: string,
      weight: number,
      member: string,
      [highest, lowest]: readonly [highest: number, lowest: number],
      who: (leaf: number, level: number, draw: Draw) => number,
    ): Reason => ({
      name,
      allowed,
      weight,
      ask(draw) {
        const [organization, leaf] = [draw(1, of.count), draw(2, LEAVES)];
        const level = highest + draw(3, lowest - highest + 1);
        const object = { type: "team", id: of.team(organization, teamAbove(leaf, level)) };
        return { object, member, user: of.person(organization, who(leaf, level, draw)) };
      },
    });
  const [allow, deny] = [about(true), about(false)];
  const inLeaf = (leaf: number, draw: Draw) => maintainerOfLeaf(leaf) + draw(4, 3);
  return [
    allow("member of a team up to 5 below", 4, "member", [0, 5], (leaf, _, draw) => inLeaf(leaf, draw)),
    allow("maintains the team", 2, "manage", [0, 5], (leaf, level) => maintainerOf(teamAbove(leaf, level))),
    allow("owner manages the team", 1, "manage", [0, 5], (_, __, draw) => draw(4, 2)),
    deny("member of the team beside", 4, "member", [1, 5], (leaf, level, draw) =>
      inLeaf(leaf ^ (1 << (5 - level)), draw),
    ),
    deny("maintains a team below", 2, "manage", [0, 4], (leaf) => maintainerOfLeaf(leaf)),
  ];
}

/** Salts of `draw`: 1 the organisation, 2 the person, 3 the permission. */
export function organizationReasons(of: Organizations): readonly Reason[] {
  const about =
    (allowed: boolean) =>
    (
      name: string,
      weight: number,
      members: readonly string[],
      who: (organization: number, draw: Draw) => string,
    ): Reason => ({
      name,
      allowed,
      weight,
      ask(draw) {
        const organization = draw(1, of.count);
        const object = { type: "organization", id: of.organization(organization) };
        return { object, member: members[draw(3, members.length)] ?? "", user: who(organization, draw) };
      },
    });
  const [allow, deny] = [about(true), about(false)];
  return [
    allow("member of the organisation", 2, ["create_repository", "member"], (organization, draw) =>
      of.person(organization, draw(2, PEOPLE)),
    ),
    allow("sees to the bills", 1, ["manage_billing"], (organization) => of.person(organization, BILLS)),
    deny("member who would run the organisation", 2, ["administer", "manage_billing"], (organization, draw) =>
      of.person(organization, 2 + draw(2, BILLS - 2)),
    ),
    deny("outsider of the organisation", 1, ["create_repository", "member"], (organization, draw) =>
      of.outsider(organization, draw(2, 2 * REPOSITORIES)),
    ),
  ];
}
