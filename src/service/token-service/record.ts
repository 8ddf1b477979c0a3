import type { AuditDraft } from "../../model/audit.ts";
import type { ChangeOrigin } from "../../model/store.ts";
import type { JsonObject } from "../../model/tuple.ts";
import type { ProvedClient } from "./authenticate-client.ts";
import type { OAuthCall, TokenServiceDeps } from "./deps.ts";
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

/** Who was turned away, and why. Takes in no text of a stranger's: the detail is in the log, under the request's id. */
export function recordRefused(
  { settings, refusals }: Pick<TokenServiceDeps, "settings" | "refusals">,
  { requestId, peer }: OAuthCall,
  { error, proved, grant }: RefusedRequest,
): void {
  refusals.record({
    event: "token.refused",
    reason: error.code,
    method: `oauth2/token ${GRANTS[grant ?? ""] ?? "unknown"}`,
    requestId,
    address: peer.address,
    ...(proved !== undefined && {
      actor: `${settings.issuer}|${clientSubject(proved.client.clientId)}`,
      credential: `client_secret:${proved.keyId}`,
      tenant: proved.tenant.slug,
    }),
  });
}

const GRANTS: Readonly<Record<string, string>> = {
  client_credentials: "client_credentials",
  refresh_token: "refresh_token",
  "urn:ietf:params:oauth:grant-type:token-exchange": "token_exchange",
};

export interface RefusedRequest {
  readonly error: OAuthError;
  readonly proved: ProvedClient | undefined;
  readonly grant: string | undefined;
}
