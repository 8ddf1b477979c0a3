import type { Revision } from "./revision.ts";

/** A verified consistency token: where in which tenant's history an answer was given. */
export interface TokenPosition {
  readonly tenantId: string;
  readonly revision: Revision;
  readonly schemaVersion: number;
}

/** How fresh an answer must be. `at` positions have been authenticated and belong to the caller's tenant. */
export type Consistency =
  | { readonly kind: "minimize_latency" }
  | { readonly kind: "at_least_as_fresh"; readonly at: TokenPosition }
  | { readonly kind: "at_exact_snapshot"; readonly at: TokenPosition }
  | { readonly kind: "fully_consistent" };
