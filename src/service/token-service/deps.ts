import type { Authenticator } from "../../auth/authenticate.ts";
import type { SealingSecret } from "../../auth/own-key-seal.ts";
import type { OwnKeys } from "../../auth/own-keys.ts";
import type { SubjectProver } from "../../auth/subject-prover.ts";
import type { Logger } from "../../log.ts";
import type { RefusalLog } from "../../model/audit.ts";
import type { Peer } from "../../model/peer.ts";
import type { RevisionStore, TenantStore } from "../../model/store.ts";
import type { TokenServiceSettings, TokenServiceStore } from "../../model/token-service.ts";
import type { TrustView } from "../../model/trust-view.ts";
import type { BatchCheck } from "../batch-check.ts";
import type { Sealer } from "../seal.ts";

/** What the token service is made of; put together once, where the server starts. */
export interface TokenServiceDeps {
  readonly settings: TokenServiceSettings;
  readonly store: TokenServiceStore;
  readonly tenants: Pick<TenantStore, "byId" | "bySlug">;
  readonly heads: Pick<RevisionStore, "head">;
  readonly keys: OwnKeys;
  /** Seal signing keys: `tokenKeys`, the first seals. */
  readonly secrets: readonly SealingSecret[];
  /** Stands in secrets and refresh tokens, so that those of one environment are told from another's. */
  readonly env: string;
  readonly batchCheck: BatchCheck;
  readonly subjects: SubjectProver;
  readonly authenticator: Pick<Authenticator, "authenticate">;
  readonly trust: TrustView;
  /** @throws TOO_MANY_REVOCATIONS where no more may be revoked one by one */
  readonly requireRevocationRoom: () => void;
  readonly refusals: RefusalLog;
  /** Asked of each proved client, and of each proved subject that comes without one. @throws RATE_LIMITED */
  readonly admitCaller: (name: string) => void;
  readonly deadlineMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** What the verbs of clients and signing keys are made of. */
export type ClientVerbDeps = Pick<TokenServiceDeps, "settings" | "store" | "keys" | "secrets" | "env"> & {
  readonly sealer: Sealer;
};

/** One request to an endpoint of the token service. */
export interface OAuthCall {
  readonly requestId: string;
  readonly peer: Peer;
  /** The one instant it is judged at, milliseconds since the epoch. */
  readonly nowMs: number;
  /** Aborts when the caller goes away or the deadline passes. */
  readonly signal: AbortSignal;
}

/** Parameters of a request by name; those without a value are not among them. */
export type Parameters = ReadonlyMap<string, string>;

/** A client that says it is one. */
export interface ClaimedClient {
  readonly clientId: string;
  readonly secret: string;
}

/** RFC 6749 §5.1 and RFC 8693 §2.2.1. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: "Bearer";
  /** Seconds. */
  readonly expires_in: number;
  readonly scope: string;
  readonly issued_token_type?: string;
  readonly refresh_token?: string;
}
