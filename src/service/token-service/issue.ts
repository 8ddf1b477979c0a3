import type { UnsealedKey } from "../../auth/own-key-seal.ts";
import { newTokenId, OWN_CLAIMS, signOwnToken } from "../../auth/own-token.ts";
import type { JsonObject } from "../../model/tuple.ts";
import type { OAuthCall, TokenAnswer, TokenServiceDeps } from "./deps.ts";
import type { Rights } from "./narrow.ts";
import { OAuthError } from "./oauth-error.ts";

/** What an access token is to say. */
export interface NewToken {
  readonly subject: string;
  readonly clientId: string;
  readonly tenantSlug: string;
  readonly rights: Rights;
  /** It ends no later, milliseconds since the epoch. */
  readonly notAfterMs: number;
  /** `act`, `sid` and where the subject came from. */
  readonly more: JsonObject;
}

export interface MintedToken {
  readonly answer: TokenAnswer;
  readonly jti: string;
  readonly kid: string;
  readonly expiresAtMs: number;
}

/** Claims count in seconds: a token without a whole one left is none. */
const SECOND_MS = 1_000;

/** Makes an access token. Nobody has it until it is on record: see the grants. */
export async function mint(deps: TokenServiceDeps, { nowMs }: OAuthCall, token: NewToken): Promise<MintedToken> {
  const { settings, keys } = deps;
  const { rights, clientId, tenantSlug, subject, more } = token;
  // A key that was withdrawn elsewhere must not sign here because its withdrawal could not be read.
  await keys.ready();
  const key = requireSigner(keys.signer(nowMs));
  const iat = Math.floor(nowMs / SECOND_MS);
  const exp = Math.min(
    iat + Math.floor(settings.accessTokenLifetimeMs / SECOND_MS),
    Math.floor(token.notAfterMs / SECOND_MS),
  );
  if (exp <= iat) throw new OAuthError("invalid_request", "the token to be exchanged ends too soon");
  const jti = newTokenId();
  const scope = rights.scopes.join(" ");
  const claims: JsonObject = {
    iss: settings.issuer,
    sub: subject,
    aud: settings.audience,
    exp,
    iat,
    jti,
    client_id: clientId,
    scope,
    [OWN_CLAIMS.tenant]: tenantSlug,
    ...(rights.objects.length > 0 && { [OWN_CLAIMS.objects]: rights.objects.map(limitJson) }),
    ...more,
  };
  const accessToken = await signOwnToken(claims, key);
  const answer = { access_token: accessToken, token_type: "Bearer", expires_in: exp - iat, scope } as const;
  return { answer, jti, kid: key.kid, expiresAtMs: exp * SECOND_MS };
}

function limitJson({ type, relations }: Rights["objects"][number]): JsonObject {
  return relations === undefined ? { type } : { type, relations: [...relations] };
}

function requireSigner(key: UnsealedKey | undefined): UnsealedKey {
  if (key !== undefined) return key;
  throw new OAuthError("temporarily_unavailable", "there is no key to sign with now: try again later", {
    detail: "no signing key is active that one of tokenKeys opens: see `relata keys list`",
    retryAfterMs: 5_000,
  });
}
