import type { Draw, Reason } from "./reasons.ts";
import { type About, type AskTenant, asking, type TenantReason } from "./saas-asking.ts";
import {
  EDITOR,
  hasLead,
  hasSuspended,
  LARGE_EVERY,
  LAUNCH,
  MAIN,
  ORGANIZATION,
  personAt,
  type SaasTenants,
} from "./saas-tenants.ts";
import { unitsAllowed, unitsDenied } from "./saas-unit-reasons.ts";

/**
 * The reasons of the tenants' answers. What is allowed somewhere is also asked in the tenant beside, where it is denied: its people
 * have moved to places without rights. An answer from another tenant is wrong, mostly.
 */
export function saasReasons(of: SaasTenants): readonly Reason[] {
  const reason = (allowed: boolean, one: TenantReason, elsewhere: boolean): readonly Reason[] => {
    if (of.units(0) < one.units) return [];
    // Only large tenants have many units.
    const step = of.units(1) < one.units ? LARGE_EVERY : 1;
    const tenantFrom = (draw: Draw) => {
      const tenant = draw(1, of.count / step) * step;
      if (one.tenants === undefined || one.tenants(tenant)) return tenant;
      return tenant ^ 1;
    };
    const name = elsewhere ? `${one.name}, in the tenant beside` : one.name;
    const ask = (draw: Draw) => {
      const asked = one.ask(tenantFrom(draw), draw);
      return elsewhere ? { ...asked, tenant: asked.tenant ^ 1 } : asked;
    };
    return [{ name, allowed, weight: one.weight, ask }];
  };
  const granted = [...CORE_ALLOWED, ...unitsAllowed(of)];
  return [
    ...granted.flatMap((one) => reason(true, one, false)),
    ...granted.flatMap((one) => reason(false, one, true)),
    ...[...CORE_DENIED, ...unitsDenied(of)].flatMap((one) => reason(false, one, false)),
  ];
}

const workspace: About = ["workspace", MAIN];
const project: About = ["project", LAUNCH];
const ofCore =
  (members: readonly string[], abouts: readonly About[], place: number): AskTenant =>
  (tenant, draw) =>
    asking(members, abouts[draw(4, abouts.length)] ?? workspace, personAt(tenant, place), draw)(tenant);

const CORE_ALLOWED: readonly TenantReason[] = [
  { name: "owner", weight: 3, units: 0, ask: ofCore(["manage", "edit", "view"], [workspace, project], 0) },
  {
    name: "editor by role",
    weight: 4,
    units: 0,
    tenants: (tenant) => !hasSuspended(tenant),
    ask: ofCore(["edit", "view"], [workspace, project], 2),
  },
  { name: "guest", weight: 3, units: 0, ask: ofCore(["view"], [workspace, project], 6) },
  { name: "lead", weight: 2, units: 0, tenants: hasLead, ask: ofCore(["manage", "edit", "view"], [project], 8) },
  { name: "active member", weight: 1, units: 0, ask: ofCore(["active"], [["organization", ORGANIZATION]], 4) },
];

const CORE_DENIED: readonly TenantReason[] = [
  {
    name: "suspended editor",
    weight: 3,
    units: 0,
    tenants: hasSuspended,
    ask: ofCore(["edit", "view"], [workspace, project], 2),
  },
  { name: "guest who would edit", weight: 2, units: 0, ask: ofCore(["edit", "manage"], [workspace, project], 6) },
  { name: "member without a role", weight: 3, units: 0, ask: ofCore(["view", "edit"], [workspace, project], 4) },
  { name: "member who does not hold the role", weight: 1, units: 0, ask: ofCore(["assignee"], [["role", EDITOR]], 4) },
  {
    name: "nobody here",
    weight: 2,
    units: 0,
    ask: (tenant, draw) => asking(["view"], workspace, `nobody-${draw(5, 1 << 30)}`, draw)(tenant),
  },
];
