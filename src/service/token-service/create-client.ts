import { newOwnSecret, newPublicId } from "../../auth/own-secret.ts";
import { isObjectScope, type ObjectLimit } from "../../model/access.ts";
import type { Scope } from "../../model/scope.ts";
import type { GrantType, OAuthClient } from "../../model/token-service.ts";
import type { TenantCall } from "../call.ts";
import { invalid, requireText } from "../credentials/fields.ts";
import { requireHeldByCaller, requireNoApiToken } from "../credentials/held-by-caller.ts";
import { originOf } from "../origin.ts";
import type { ClientVerbDeps } from "./deps.ts";

export interface CreateClientRequest {
  readonly name: string;
  /** Empty: client_credentials. */
  readonly grants: readonly GrantType[];
  readonly scopes: readonly Scope[];
  readonly objects: readonly ObjectLimit[];
}

export interface ClientWithSecret {
  readonly client: OAuthClient;
  /** In this answer and nowhere else. */
  readonly secret: string;
}

export type CreateClient = (call: TenantCall, request: CreateClientRequest) => Promise<ClientWithSecret>;

const MAX_NAME = 100;
/** Of a tenant. */
const MAX_CLIENTS = 100;

/** @throws CREDENTIAL_TOO_BROAD for more than the caller holds; TOO_MANY_CREDENTIALS */
export function createCreateClient({ store, settings, env }: ClientVerbDeps): CreateClient {
  return async (call, { name, scopes, objects, grants: asked }) => {
    requireText("name", name, 1, MAX_NAME);
    const grants: readonly GrantType[] = asked.length === 0 ? ["client_credentials"] : asked;
    requireGrants(grants);
    requireScopes(scopes, objects, settings.scopes);
    requireNoApiToken(call);
    requireHeldByCaller(call, { scopes, objects });
    const secret = newOwnSecret("rlc", env, newPublicId());
    const client: OAuthClient = {
      clientId: newPublicId(),
      tenantId: call.tenant.id,
      name,
      grants,
      scopes,
      objects,
      createdAtMs: call.nowMs,
      createdBy: call.principal.actor,
      secrets: [{ keyId: secret.id, createdAtMs: call.nowMs, expiresAtMs: undefined }],
    };
    await store.createClient(
      client,
      { keyId: secret.id, sha256: secret.sha256 },
      { max: MAX_CLIENTS },
      {
        event: "client.created",
        origin: originOf(call),
        details: {
          client_id: client.clientId,
          key_id: secret.id,
          grants,
          scopes,
          objects: objects.map(({ type, relations = [] }) => ({ type, relations })),
        },
        personal: { name },
      },
    );
    return { client, secret: secret.text };
  };
}

function requireGrants(grants: readonly GrantType[]): void {
  // A refresh token comes of an exchange and of nothing else.
  if (grants.includes("refresh_token") && !grants.includes("urn:ietf:params:oauth:grant-type:token-exchange")) {
    throw invalid("grant_types", "with refresh_token need token exchange too: nothing else gives refresh tokens");
  }
}

function requireScopes(scopes: readonly Scope[], objects: readonly ObjectLimit[], ceiling: readonly Scope[]): void {
  if (scopes.length === 0) throw invalid("scopes", "must name at least one");
  const beyond = scopes.find((scope) => !ceiling.includes(scope));
  if (beyond !== undefined) throw invalid("scopes", `has ${beyond}, which tokens of this service never hold`);
  const wide = scopes.find((scope) => !isObjectScope(scope));
  if (objects.length > 0 && wide !== undefined) {
    throw invalid("objects", `cannot narrow ${wide}, which concerns the tenant as a whole: make two clients`);
  }
}
