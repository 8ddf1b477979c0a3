import type { PublicJwk } from "../../auth/own-key-seal.ts";
import { authenticateClient, type ProvedClient } from "./authenticate-client.ts";
import type { ClaimedClient, OAuthCall, Parameters, TokenAnswer, TokenServiceDeps } from "./deps.ts";
import { CLIENT_CREDENTIALS, grantClientCredentials } from "./grant-client-credentials.ts";
import { grantExchange, TOKEN_EXCHANGE } from "./grant-exchange.ts";
import { grantRefresh, REFRESH_TOKEN } from "./grant-refresh.ts";
import { createIntrospect, type Introspect } from "./introspect.ts";
import { invalidClient, OAuthError } from "./oauth-error.ts";
import { recordRefused } from "./record.ts";
import { createRevoke, type Revoke } from "./revoke.ts";

export interface TokenRequest {
  readonly form: Parameters;
  /** Undefined: no client says it is there. */
  readonly client: ClaimedClient | undefined;
}

/** relata's own token service, without transport. All throw OAuthError, and RelataError where something is out of reach. */
export interface TokenService {
  token(call: OAuthCall, request: TokenRequest): Promise<TokenAnswer>;
  readonly introspect: Introspect;
  readonly revoke: Revoke;
  /** The key set. */
  publicKeys(): readonly PublicJwk[];
}

export function createTokenService(deps: TokenServiceDeps): TokenService {
  return {
    token: (call, request) => grantToken(deps, call, request),
    introspect: createIntrospect(deps),
    revoke: createRevoke(deps),
    publicKeys: () => deps.keys.published(deps.now()),
  };
}

/** Every refusal is on record, with what the caller is not told. */
async function grantToken(deps: TokenServiceDeps, call: OAuthCall, request: TokenRequest): Promise<TokenAnswer> {
  let proved: ProvedClient | undefined;
  const grant = request.form.get("grant_type");
  try {
    if (grant === undefined) throw new OAuthError("invalid_request", "grant_type is missing");
    if (request.client !== undefined) proved = await authenticateClient(deps, call, request.client);
    return await chooseGrant(deps, call, grant, { form: request.form, proved });
  } catch (error) {
    if (error instanceof OAuthError) recordRefused(deps, call, { error, proved, grant });
    throw error;
  }
}

function chooseGrant(
  deps: TokenServiceDeps,
  call: OAuthCall,
  grant: string,
  { form, proved }: { readonly form: Parameters; readonly proved: ProvedClient | undefined },
): Promise<TokenAnswer> {
  switch (grant) {
    case CLIENT_CREDENTIALS:
      return grantClientCredentials(deps, call, requireClient(proved), { scope: form.get("scope") });
    case TOKEN_EXCHANGE:
      return grantExchange(deps, call, proved, form);
    case REFRESH_TOKEN:
      return grantRefresh(deps, call, requireClient(proved), form);
    default:
      throw new OAuthError(
        "unsupported_grant_type",
        "the grants are client_credentials, token exchange and refresh_token",
      );
  }
}

function requireClient(proved: ProvedClient | undefined): ProvedClient {
  if (proved === undefined) throw invalidClient("no client authenticates");
  return proved;
}
