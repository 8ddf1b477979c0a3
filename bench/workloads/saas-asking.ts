import type { Asked, Draw } from "./reasons.ts";

export type About = readonly [type: string, id: string];
export type AskTenant = (tenant: number, draw: Draw) => Asked & { readonly tenant: number };

/** Salts of `draw`: 1 the tenant, 2 the unit, 3 the permission, 4 the object, 5 the person. */
export const asking =
  (members: readonly string[], about: About, user: string, draw: Draw) =>
  (tenant: number): ReturnType<AskTenant> => ({
    object: { type: about[0], id: about[1] },
    member: members[draw(3, members.length)] ?? "",
    user,
    tenant,
  });

/** A reason, and whose tenants have it. */
export interface TenantReason {
  readonly name: string;
  readonly weight: number;
  /** Units that a tenant has at least. */
  readonly units: number;
  /** Default: every tenant. */
  readonly tenants?: (tenant: number) => boolean;
  readonly ask: AskTenant;
}
