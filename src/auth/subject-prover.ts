import type { ExchangeIssuer } from "../model/token-service.ts";
import type { TrustedIssuer } from "../model/trust.ts";
import type { TrustView } from "../model/trust-view.ts";
import { checkClaims } from "./claims.ts";
import type { Fetch } from "./fetch-json.ts";
import type { AuthLog } from "./key-refresh.ts";
import { createKeyLoader } from "./key-source.ts";
import { createIssuerKeys, FILE_KEY_POLICY, REMOTE_KEY_POLICY } from "./keys.ts";
import { isRevoked } from "./proof.ts";
import { refuse, shown } from "./refusal.ts";
import type { JsonMembers } from "./strict-json.ts";
import { parseToken } from "./token.ts";
import { type KnownIssuer, pickIssuer, verifySignature } from "./verify.ts";

/** Whom a token speaks of. It says nothing of what that subject may do. */
export interface ProvedSubject {
  readonly issuer: string;
  readonly profile: ExchangeIssuer["profile"];
  readonly subject: string;
  /** `jti`. */
  readonly tokenId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly issuedAtMs: number;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
  readonly claims: JsonMembers;
}

export interface SubjectProver {
  /**
   * Everything that is checked of a token that proves a caller, but for what it grants: people's tokens grant nothing here.
   * @throws UNAUTHENTICATED, ISSUER_KEYS_UNAVAILABLE or CREDENTIALS_UNCONFIRMED, as an Authenticator does
   */
  prove(token: string): Promise<ProvedSubject>;
  /** Fetches every issuer's keys ahead of the first caller. Never rejects. */
  warm(): Promise<void>;
  close(): void;
}

export interface SubjectProverDeps {
  readonly now: () => number;
  readonly log: AuthLog;
  readonly trust: TrustView;
  readonly maxTokenBytes: number;
  /** Default: the global fetch. */
  readonly fetch?: Fetch;
}

export function createSubjectProver(issuers: readonly ExchangeIssuer[], deps: SubjectProverDeps): SubjectProver {
  const { now, trust, maxTokenBytes } = deps;
  const known = new Map(issuers.map((issuer) => [issuer.issuer, knowIssuer(issuer, deps)]));
  return {
    async prove(text) {
      if (text.length > maxTokenBytes) refuse("token_too_large", `${text.length} bytes`);
      const token = parseToken(text);
      const issuer = pickIssuer(token, known);
      await verifySignature(token, issuer);
      trust.requireFresh();
      const proof = checkClaims(token.claims, issuer.trust, now());
      const { subject, tokenId, issuedAtMs, expiresAtMs } = proof;
      const proved = { issuer: issuer.trust.issuer, subject, tokenId, issuedAtMs };
      if (isRevoked(proof, trust)) refuse("revoked", `${shown(tokenId)} of ${shown(subject)} at ${proved.issuer}`);
      return { ...proved, profile: issuer.profile, expiresAtMs, claims: token.claims };
    },
    async warm() {
      await Promise.all([...known.values()].map(({ keys }) => keys.refresh()));
    },
    close() {
      for (const { keys } of known.values()) keys.close();
    },
  };
}

/** Without tenants and scopes: what these issuers sign proves no caller. */
function knowIssuer(issuer: ExchangeIssuer, deps: SubjectProverDeps): KnownIssuer & Pick<ProvedSubject, "profile"> {
  const trust: TrustedIssuer = { ...issuer, tenant: { kind: "bindings" }, scopes: [] };
  const { now, log } = deps;
  const policy = issuer.keys.kind === "file" ? FILE_KEY_POLICY : REMOTE_KEY_POLICY;
  return {
    trust,
    profile: issuer.profile,
    keys: createIssuerKeys(trust, { load: createKeyLoader(trust, deps.fetch ?? fetch), policy, now, log }),
  };
}
