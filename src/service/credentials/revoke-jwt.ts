import type { RevocableIssuer } from "../../auth/own-issuer.ts";
import type { Revoked, StoredRevocation } from "../../model/trust-store.ts";
import type { PlatformCall } from "../call.ts";
import { requireRevocationRoom } from "../revocation-room.ts";
import type { CredentialDeps } from "./deps.ts";
import { jwtRevoked } from "./drafts.ts";
import { invalid, requireText } from "./fields.ts";

export interface RevokeJwtRequest {
  readonly issuer: string;
  readonly what:
    | { readonly kind: "token"; readonly tokenId: string }
    /** Absent: now, and nothing issued before it is let in. */
    | { readonly kind: "subject"; readonly subject: string; readonly issuedBeforeMs?: number };
  /** For people. */
  readonly reason: string;
}

export type RevokeJwt = (call: PlatformCall, request: RevokeJwtRequest) => Promise<StoredRevocation>;

const MAX_ID = 1024;
const MAX_REASON = 500;
const DAY_MS = 24 * 3_600_000;
/** An instant in the future keeps a subject out until then; for good, its binding is what to take away. */
const MAX_AHEAD_MS = 366 * DAY_MS;

/** @throws TOO_MANY_REVOCATIONS where every process would have to keep more than it may */
export function createRevokeJwt({ store, revocable, ...room }: CredentialDeps): RevokeJwt {
  return async (call, { issuer, what, reason }) => {
    const trusted = revocable.find((known) => known.issuer === issuer);
    if (trusted === undefined)
      throw invalid("issuer", "is none of the trusted issuers, none of whose tokens is accepted");
    requireText("reason", reason, 0, MAX_REASON);
    requireRevocationRoom(room);
    const revoked = revokedBy(what, trusted, call.nowMs);
    const fromMs = revoked.kind === "subject" ? Math.max(call.nowMs, revoked.issuedBeforeMs) : call.nowMs;
    const obsoleteAtMs = obsoleteAt(trusted, fromMs);
    return store.revocations.revoke(
      { issuer, what: revoked, reason, obsoleteAtMs },
      jwtRevoked(call, issuer, revoked, reason),
    );
  };
}

function revokedBy(what: RevokeJwtRequest["what"], issuer: RevocableIssuer, nowMs: number): Revoked {
  if (what.kind === "token") return { kind: "token", tokenId: requireText("token_id", what.tokenId, 1, MAX_ID) };
  const { issuedBeforeMs = justNow(issuer, nowMs) } = what;
  if (issuedBeforeMs > nowMs + MAX_AHEAD_MS) throw invalid("issued_before", "is more than a year ahead");
  return { kind: "subject", subject: requireText("subject", what.subject, 1, MAX_ID), issuedBeforeMs };
}

/**
 * `iat` counts whole seconds by the issuer's clock, which may be `clockSkewMs` ahead: all that an accepted token issued until
 * now can say is before this instant. It takes in what is issued within the skew after it, which is better than to let a
 * stolen token live.
 */
function justNow({ clockSkewMs }: RevocableIssuer, nowMs: number): number {
  return (Math.floor((nowMs + clockSkewMs) / 1000) + 1) * 1000;
}

/**
 * When no token issued until `fromMs` can be unexpired: it may say it was issued `clockSkewMs` later, and is accepted as long
 * after its end. A day at least, so that an issuer's longer `maxLifetimeMs`, set tomorrow or on another node, brings none back.
 */
function obsoleteAt({ clockSkewMs, maxLifetimeMs }: RevocableIssuer, fromMs: number): number {
  return fromMs + 2 * clockSkewMs + Math.max(maxLifetimeMs, DAY_MS);
}
