import { SCOPES } from "../../model/scope.ts";
import { GRANT_TYPES, type TokenServiceSettings } from "../../model/token-service.ts";

export const PATHS = {
  token: "/oauth2/token",
  introspect: "/oauth2/introspect",
  revoke: "/oauth2/revoke",
  jwks: "/.well-known/jwks.json",
  metadata: "/.well-known/oauth-authorization-server",
} as const;

const CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post"];

/** RFC 8414 §2. */
export function serverMetadata({ issuer, scopes, exchange }: TokenServiceSettings): object {
  return {
    issuer,
    token_endpoint: `${issuer}${PATHS.token}`,
    token_endpoint_auth_methods_supported: [
      ...CLIENT_AUTHENTICATION,
      ...(exchange?.clients === "optional" ? ["none"] : []),
    ],
    jwks_uri: `${issuer}${PATHS.jwks}`,
    introspection_endpoint: `${issuer}${PATHS.introspect}`,
    introspection_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    revocation_endpoint: `${issuer}${PATHS.revoke}`,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    scopes_supported: SCOPES.filter((scope) => scopes.includes(scope)),
    grant_types_supported: exchange === undefined ? ["client_credentials"] : GRANT_TYPES,
    // There is no authorization endpoint; RFC 8414 wants the list all the same.
    response_types_supported: [],
  };
}
