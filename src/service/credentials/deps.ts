import type { Binding, TrustedIssuer } from "../../model/trust.ts";
import type { TrustStore } from "../../model/trust-store.ts";
import type { Sealer } from "../seal.ts";

/** What the verbs of credentials are made of. */
export interface CredentialDeps {
  readonly store: TrustStore;
  readonly sealer: Sealer;
  /** Whose tokens this process accepts, relata's own among them. */
  readonly issuers: readonly TrustedIssuer[];
  /** Those of the configuration. */
  readonly bindings: readonly Binding[];
  /** What new API tokens are labelled with: `rlt_<env>_…`. */
  readonly apiTokenEnv: string;
}
