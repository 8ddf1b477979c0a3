import { parseOwnSecret } from "../../auth/own-secret.ts";
import { authenticateClient, type ProvedClient } from "./authenticate-client.ts";
import type { ClaimedClient, OAuthCall, Parameters, TokenServiceDeps } from "./deps.ts";
import { CLOCKS_APART_MS, endOfFamily } from "./grant-refresh.ts";
import { invalidClient, OAuthError } from "./oauth-error.ts";
import { readOwnAccessToken } from "./own-access-token.ts";
import { clientOrigin } from "./record.ts";

export interface RevokeRequest {
  readonly form: Parameters;
  readonly client: ClaimedClient | undefined;
}

/**
 * RFC 7009. A refresh token goes with its family and the access tokens made from it; an access token goes alone. What is
 * unknown, has ended or is another client's is answered as if it had been revoked, and nothing happens.
 */
export type Revoke = (call: OAuthCall, request: RevokeRequest) => Promise<object>;

/** The body means nothing (RFC 7009 §2.2). */
const DONE = {};

export function createRevoke(deps: TokenServiceDeps): Revoke {
  return async (call, { form, client }) => {
    if (client === undefined) throw invalidClient("no client authenticates");
    const proved = await authenticateClient(deps, call, client);
    const token = form.get("token");
    if (token === undefined) throw new OAuthError("invalid_request", "token is missing");
    // token_type_hint is a hint: what a token is shows in the token.
    if (token.startsWith("rlr_")) await revokeRefreshToken(deps, call, proved, token);
    else await revokeAccessToken(deps, call, proved, token);
    return DONE;
  };
}

async function revokeRefreshToken(
  deps: TokenServiceDeps,
  call: OAuthCall,
  proved: ProvedClient,
  token: string,
): Promise<void> {
  const shown = parseOwnSecret("rlr", token);
  if (shown === undefined) return;
  const found = await deps.store.findRefreshToken(proved.tenant.id, { familyId: shown.id, sha256: shown.sha256 });
  if (found.kind === "unknown" || found.kind === "revoked") return;
  const { family } = found;
  if (family.clientId !== proved.client.clientId) return;
  const details = { family: family.familyId, client_id: family.clientId };
  const origin = clientOrigin(deps.settings.issuer, call, proved);
  await deps.store.revokeFamily(proved.tenant.id, family.familyId, endOfFamily(deps, call, family), {
    event: "token.revoked",
    origin,
    details,
  });
}

async function revokeAccessToken(
  deps: TokenServiceDeps,
  call: OAuthCall,
  proved: ProvedClient,
  token: string,
): Promise<void> {
  const own = await readOwnAccessToken(deps, token);
  const jti = own?.claims.get("jti");
  if (own === undefined || typeof jti !== "string") return;
  if (own.tenantSlug !== proved.tenant.slug || own.claims.get("client_id") !== proved.client.clientId) return;
  // Each takes memory of every process, and a client can have as many tokens as it likes; this one ends in minutes anyway.
  deps.requireRevocationRoom();
  const obsoleteAtMs = own.principal.expiresAtMs + CLOCKS_APART_MS;
  await deps.store.revokeAccessToken(
    proved.tenant.id,
    { issuer: deps.settings.issuer, tokenId: jti, obsoleteAtMs },
    {
      event: "token.revoked",
      origin: clientOrigin(deps.settings.issuer, call, proved),
      details: { jti, client_id: proved.client.clientId },
    },
  );
}
