import { Placement, type Tenant, TenantState } from "../../gen/relata/v1/tenant_service_pb.ts";

const STATES: Readonly<Record<TenantState, string>> = {
  [TenantState.UNSPECIFIED]: "",
  [TenantState.ACTIVE]: "active",
  [TenantState.SUSPENDED]: "suspended",
  [TenantState.OFFBOARDING]: "being removed",
  [TenantState.OFFBOARDED]: "removed",
};

/** For people; programs read the API's JSON. */
export function stateText({ state }: Tenant): string {
  return STATES[state] ?? "unknown";
}

export function placementText({ placement }: Tenant): string {
  return placement === Placement.OWN ? "own" : "shared";
}
