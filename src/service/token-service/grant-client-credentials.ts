import type { ProvedClient } from "./authenticate-client.ts";
import type { OAuthCall, TokenAnswer, TokenServiceDeps } from "./deps.ts";
import { mint } from "./issue.ts";
import { commonRights, requestedScopes, requireSome } from "./narrow.ts";
import { OAuthError } from "./oauth-error.ts";
import { clientOrigin, clientSubject, tokenIssued } from "./record.ts";

export const CLIENT_CREDENTIALS = "client_credentials";

/** RFC 6749 §4.4: a token for the client itself, in its tenant. */
export async function grantClientCredentials(
  deps: TokenServiceDeps,
  call: OAuthCall,
  proved: ProvedClient,
  request: { readonly scope: string | undefined },
): Promise<TokenAnswer> {
  const { client, tenant } = proved;
  if (!client.grants.includes(CLIENT_CREDENTIALS)) {
    throw new OAuthError("unauthorized_client", "this client may not use the grant client_credentials");
  }
  const requested = requestedScopes(request.scope);
  const beyond = requested?.find((scope) => !client.scopes.includes(scope));
  if (beyond !== undefined) {
    throw new OAuthError("invalid_scope", `this client does not have the scope ${beyond}`);
  }
  const own = { scopes: requested ?? client.scopes, objects: client.objects };
  const rights = requireSome(commonRights(own, { scopes: deps.settings.scopes, objects: [] }));
  const minted = await mint(deps, call, {
    subject: clientSubject(client.clientId),
    clientId: client.clientId,
    tenantSlug: tenant.slug,
    rights,
    notAfterMs: Number.POSITIVE_INFINITY,
    more: {},
  });
  const about = { client_id: client.clientId };
  const origin = clientOrigin(deps.settings.issuer, call, proved);
  await deps.store.issue(tenant.id, undefined, tokenIssued(origin, CLIENT_CREDENTIALS, minted, about));
  return minted.answer;
}
