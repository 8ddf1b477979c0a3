import type { TupleKey } from "../../src/model/tuple.ts";
import { leapingTo } from "./arithmetic.ts";
import { namer } from "./ids.ts";
import { objectOn, userOn } from "./tuple-of.ts";

/**
 * Customers, each a tenant of its own, and in all of them things have the same names. What tells them apart is who is what:
 * twelve people take the places of a tenant's core, moved on by one from each tenant to the next, and only even places have any
 * rights. So whoever may do something here may do nothing in the tenants before and behind.
 *
 * The core is ten tuples: a company with an owner (place 0) and two members (2 and 4), the role `editor`, held by place 2, the
 * workspace `main`, where that role edits and place 6 is a guest, and the project `launch`. In even tenants place 8 leads the
 * project; in odd ones place 2 is suspended.
 *
 * Then come units of ten tuples, eight to a workspace, with six people each, who move on likewise: members 0 and 2, a team of
 * member 0, a role of the customer's own that the team and member 2 hold, which does in the workspace what `rightOf` says, and
 * a project to which the team contributes. In even units person 4 leads the project; in odd ones member 2 is suspended.
 */
export interface SaasTenants {
  readonly count: number;
  readonly tuples: number;
  units(tenant: number): number;
}

export const FEWEST_TUPLES = 500;
export const LARGE_EVERY = 10;
export const ORGANIZATION = "acme";
export const EDITOR = "editor";
export const MAIN = "main";
export const LAUNCH = "launch";
/** Units in a workspace. */
export const PER_WORKSPACE = 8;
const PLACES = 12;
const PLACES_OF_UNIT = 6;
const CORE_TUPLES = 10;
const UNIT_TUPLES = 10;
const MANY_TENANTS = 10_000;
/** From here on there are as many tenants as that; below, they have about fifty tuples each. */
const MANY_TENANTS_FROM = MANY_TENANTS * CORE_TUPLES;
/** A unit and its part of a workspace, and rounding. */
const TUPLES_OF_UNIT_ON_AVERAGE = 10.2;

/** Every tenth tenant is eleven times as large as others, as far as there are tuples for units at all. */
export function saasTenants(tuples: number): SaasTenants {
  const count = tuples >= MANY_TENANTS_FROM ? MANY_TENANTS : Math.floor(tuples / FEWEST_TUPLES) * LARGE_EVERY;
  const forUnits = (tuples / count - CORE_TUPLES) * LARGE_EVERY;
  const unitsOfTen = Math.max(0, Math.floor(forUnits / TUPLES_OF_UNIT_ON_AVERAGE));
  const small = Math.floor(unitsOfTen / (2 * LARGE_EVERY));
  const large = unitsOfTen - (LARGE_EVERY - 1) * small;
  const tuplesOf = (units: number) => CORE_TUPLES + units * UNIT_TUPLES + Math.ceil(units / PER_WORKSPACE);
  const tuplesOfTen = tuplesOf(large) + (LARGE_EVERY - 1) * tuplesOf(small);
  return {
    count,
    tuples: (count / LARGE_EVERY) * tuplesOfTen,
    units: (tenant) => (tenant % LARGE_EVERY === 0 ? large : small),
  };
}

const names = { user: namer("u", 1, 13), team: namer("t", 2, 13), role: namer("r", 3, 13) };
const things = { workspace: namer("w", 4, 13), project: namer("p", 5, 13) };

export const personAt = (tenant: number, place: number) => `u${(place + tenant) % PLACES}`;
export const personOfUnit = (tenant: number, unit: number, place: number) =>
  names.user(unit * PLACES_OF_UNIT + ((place + tenant) % PLACES_OF_UNIT));
export const workspaceOf = (unit: number) => things.workspace(Math.floor(unit / PER_WORKSPACE));
export const projectOf = (unit: number) => things.project(unit);
export const roleOf = (unit: number) => names.role(unit);
export const hasLead = (number: number) => number % 2 === 0;
export const hasSuspended = (number: number) => number % 2 === 1;

/** What a unit's role may do in its workspace. */
export function rightOf(unit: number): "admin" | "editor" | "viewer" {
  if (unit % PER_WORKSPACE === 7) return "admin";
  return unit % 2 === 0 ? "editor" : "viewer";
}

/** Every tuple of a tenant. */
export function* aboutTenant(of: SaasTenants, tenant: number): Iterable<TupleKey> {
  const units = of.units(tenant);
  yield objectOn("project", LAUNCH, "workspace", "workspace", MAIN);
  if (hasLead(tenant)) yield userOn("project", LAUNCH, "lead", personAt(tenant, 8));
  for (const unit of each(units)) yield* aboutProject(tenant, unit);
  yield objectOn("workspace", MAIN, "organization", "organization", ORGANIZATION);
  yield objectOn("workspace", MAIN, "editor_role", "role", EDITOR, "assignee");
  yield userOn("workspace", MAIN, "guest", personAt(tenant, 6));
  for (const workspace of each(Math.ceil(units / PER_WORKSPACE))) yield* aboutWorkspace(workspace, units);
  yield objectOn("role", EDITOR, "organization", "organization", ORGANIZATION);
  yield userOn("role", EDITOR, "holder", personAt(tenant, 2));
  for (const unit of each(units)) yield* aboutRole(tenant, unit);
  for (const unit of each(units)) yield userOn("team", names.team(unit), "member", personOfUnit(tenant, unit, 0));
  yield* aboutOrganization(tenant, units);
}

/** `leapingTo` has no step for none. */
const each = (count: number) => (count === 0 ? [] : leapingTo(count));

function* aboutProject(tenant: number, unit: number): Iterable<TupleKey> {
  yield objectOn("project", projectOf(unit), "workspace", "workspace", workspaceOf(unit));
  yield objectOn("project", projectOf(unit), "contributor", "team", names.team(unit), "member");
  if (hasLead(unit)) yield userOn("project", projectOf(unit), "lead", personOfUnit(tenant, unit, 4));
}

function* aboutWorkspace(workspace: number, units: number): Iterable<TupleKey> {
  const first = workspace * PER_WORKSPACE;
  const id = workspaceOf(first);
  yield objectOn("workspace", id, "organization", "organization", ORGANIZATION);
  for (let unit = first; unit < Math.min(units, first + PER_WORKSPACE); unit += 1)
    yield objectOn("workspace", id, `${rightOf(unit)}_role`, "role", roleOf(unit), "assignee");
}

function* aboutRole(tenant: number, unit: number): Iterable<TupleKey> {
  yield objectOn("role", roleOf(unit), "organization", "organization", ORGANIZATION);
  yield objectOn("role", roleOf(unit), "holder", "team", names.team(unit), "member");
  yield userOn("role", roleOf(unit), "holder", personOfUnit(tenant, unit, 2));
}

function* aboutOrganization(tenant: number, units: number): Iterable<TupleKey> {
  const user = (relation: string, who: string) => userOn("organization", ORGANIZATION, relation, who);
  yield user("owner", personAt(tenant, 0));
  yield user("member", personAt(tenant, 2));
  yield user("member", personAt(tenant, 4));
  if (hasSuspended(tenant)) yield user("suspended", personAt(tenant, 2));
  for (const unit of each(units)) {
    yield user("member", personOfUnit(tenant, unit, 0));
    yield user("member", personOfUnit(tenant, unit, 2));
    if (hasSuspended(unit)) yield user("suspended", personOfUnit(tenant, unit, 2));
  }
}
