import type { AuditDraft } from "../../model/audit.ts";
import type { ChangeOrigin } from "../../model/store.ts";
import type { JsonObject } from "../../model/tuple.ts";
import type { ProvedClient } from "./authenticate-client.ts";
import type { ClaimedClient, OAuthCall, TokenServiceDeps } from "./deps.ts";
import type { MintedToken } from "./issue.ts";
import type { OAuthError } from "./oauth-error.ts";

/** `sub` of a client's own tokens, and how a client is named on record. */
export function clientSubject(clientId: string): string {
  return `client:${clientId}`;
}

/** A client, as the origin of what it does. */
export function clientOrigin(issuer: string, call: OAuthCall, proved: ProvedClient): ChangeOrigin {
  const actor = `${issuer}|${clientSubject(proved.client.clientId)}`;
  return originOf(call, actor, `client_secret:${proved.keyId}`);
}

export function originOf({ requestId, peer }: OAuthCall, actor: string, credential?: string): ChangeOrigin {
  return {
    actor,
    requestId,
    ...(credential !== undefined && { credential }),
    ...(peer.address !== "" && { address: peer.address }),
  };
}

/** @param personal whom the token speaks of, where that may be a person */
export function tokenIssued(
  origin: ChangeOrigin,
  grant: string,
  { jti, kid, answer }: MintedToken,
  about: JsonObject,
  personal?: JsonObject,
): AuditDraft {
  const details = { grant, jti, kid, scope: answer.scope, expires_in_s: answer.expires_in, ...about };
  return { event: "token.issued", origin, details, ...(personal !== undefined && { personal }) };
}

/** Who was turned away, and why: with the tenant where a client of it was proved, else with the platform. */
export function recordRefused(
  deps: Pick<TokenServiceDeps, "settings" | "recordRefusal">,
  call: OAuthCall,
  { error, proved, grant, claimed }: RefusedRequest,
): void {
  const origin =
    proved === undefined
      ? originOf(call, `${deps.settings.issuer}|`)
      : clientOrigin(deps.settings.issuer, call, proved);
  deps.recordRefusal(proved?.tenant.id, {
    event: "token.refused",
    origin,
    details: { error: error.code, ...(grant !== undefined && { grant: grant.slice(0, MAX_NAMED) }) },
    personal: {
      detail: error.detail,
      ...(claimed !== undefined && { client_id: claimed.clientId.slice(0, MAX_NAMED) }),
    },
  });
}

export interface RefusedRequest {
  readonly error: OAuthError;
  readonly proved: ProvedClient | undefined;
  readonly grant: string | undefined;
  readonly claimed: ClaimedClient | undefined;
}

/** Of what a stranger sent, so much goes on record. */
const MAX_NAMED = 100;
