import type { Draw } from "./reasons.ts";
import { type About, type AskTenant, asking, type TenantReason } from "./saas-asking.ts";
import {
  hasLead,
  hasSuspended,
  PER_WORKSPACE,
  personOfUnit,
  projectOf,
  rightOf,
  roleOf,
  type SaasTenants,
  workspaceOf,
} from "./saas-tenants.ts";

type Right = ReturnType<typeof rightOf>;

/** Some unit of the tenant of which this is so; the first eight are of every kind. */
function unitThat(of: SaasTenants, tenant: number, draw: Draw, is: (unit: number) => boolean): number {
  const begin = draw(2, of.units(tenant));
  const [first, units] = [begin - (begin % PER_WORKSPACE), of.units(tenant)];
  for (let step = 0; step < PER_WORKSPACE; step += 1) {
    const unit = first + ((begin + step) % PER_WORKSPACE);
    if (unit < units && is(unit)) return unit;
  }
  // The last workspace lacks what the first has.
  return unitThat(of, tenant, () => 0, is);
}

/** Some project of the unit's workspace. */
function projectBeside(of: SaasTenants, tenant: number, unit: number, draw: Draw): About {
  const first = unit - (unit % PER_WORKSPACE);
  return ["project", projectOf(first + draw(4, Math.min(PER_WORKSPACE, of.units(tenant) - first)))];
}

type OfUnit = (of: SaasTenants, tenant: number, unit: number, draw: Draw) => About;
const itsProject: OfUnit = (_, __, unit) => ["project", projectOf(unit)];
const itsWorkspace: OfUnit = (_, __, unit) => ["workspace", workspaceOf(unit)];
const itsRole: OfUnit = (_, __, unit) => ["role", roleOf(unit)];
/** Of the workspace before or behind, where there is one. */
const otherProject: OfUnit = (_, __, unit) => [
  "project",
  projectOf(unit < PER_WORKSPACE ? unit + PER_WORKSPACE : unit - PER_WORKSPACE),
];

const ofUnit =
  (of: SaasTenants) =>
  (
    is: (unit: number) => boolean,
    members: readonly string[],
    about: OfUnit,
    place: number | readonly number[],
  ): AskTenant =>
  (tenant, draw) => {
    const unit = unitThat(of, tenant, draw, is);
    const at = typeof place === "number" ? place : (place[draw(5, place.length)] ?? 0);
    return asking(members, about(of, tenant, unit, draw), personOfUnit(tenant, unit, at), draw)(tenant);
  };

const anyUnit = () => true;
const canIn = (right: Right) => (unit: number) => rightOf(unit) === right;

export function unitsAllowed(of: SaasTenants): readonly TenantReason[] {
  const ask = ofUnit(of);
  return [
    { name: "contributor by a team", weight: 4, units: 1, ask: ask(anyUnit, ["edit", "view"], itsProject, 0) },
    {
      name: "editor by a custom role of a team",
      weight: 5,
      units: 1,
      ask: ask(canIn("editor"), ["edit", "view"], projectBeside, 0),
    },
    {
      name: "editor by a custom role",
      weight: 4,
      units: 1,
      ask: ask(canIn("editor"), ["edit", "view"], projectBeside, 2),
    },
    {
      name: "viewer by a custom role of a team",
      weight: 4,
      units: 2,
      ask: ask(canIn("viewer"), ["view"], projectBeside, 0),
    },
    { name: "admin by a custom role", weight: 2, units: 8, ask: ask(canIn("admin"), ["manage"], projectBeside, 0) },
    { name: "lead of a project", weight: 3, units: 1, ask: ask(hasLead, ["manage", "edit"], itsProject, 4) },
  ];
}

export function unitsDenied(of: SaasTenants): readonly TenantReason[] {
  const ask = ofUnit(of);
  return [
    {
      name: "suspended holder of a custom role",
      weight: 4,
      units: 2,
      ask: ask(hasSuspended, ["view", "edit"], projectBeside, 2),
    },
    { name: "suspended does not hold the role", weight: 1, units: 2, ask: ask(hasSuspended, ["assignee"], itsRole, 2) },
    {
      name: "viewer who would edit",
      weight: 4,
      units: 2,
      ask: ask(canIn("viewer"), ["edit", "manage"], itsWorkspace, 0),
    },
    { name: "editor who would manage", weight: 3, units: 1, ask: ask(canIn("editor"), ["manage"], itsWorkspace, 0) },
    { name: "editor of another workspace", weight: 4, units: 16, ask: ask(canIn("editor"), ["view"], otherProject, 0) },
    { name: "lead who would see the workspace", weight: 2, units: 1, ask: ask(hasLead, ["view"], itsWorkspace, 4) },
    { name: "places without rights", weight: 3, units: 1, ask: ask(anyUnit, ["view"], itsProject, [1, 3, 5]) },
  ];
}
