import type { RevocableIssuer } from "../../auth/own-issuer.ts";
import type { Binding, TrustedIssuer } from "../../model/trust.ts";
import type { TrustStore } from "../../model/trust-store.ts";
import type { RevocationRoom } from "../revocation-room.ts";
import type { Sealer } from "../seal.ts";

/** What the verbs of credentials are made of. */
export interface CredentialDeps extends RevocationRoom {
  readonly store: TrustStore;
  readonly sealer: Sealer;
  /** Whose subjects can be bound: not relata's own, whose tokens say what they are for. */
  readonly issuers: readonly TrustedIssuer[];
  /** Whose tokens can be revoked: besides those, relata's own, and those that are exchanged for them. */
  readonly revocable: readonly RevocableIssuer[];
  /** Those of the configuration. */
  readonly bindings: readonly Binding[];
  /** What new API tokens are labelled with: `rlt_<env>_…`. */
  readonly apiTokenEnv: string;
}
