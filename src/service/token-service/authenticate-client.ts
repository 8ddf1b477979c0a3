import { NO_DIGEST, parseOwnSecret, sameDigest } from "../../auth/own-secret.ts";
import type { Tenant } from "../../model/tenant.ts";
import type { OAuthClient } from "../../model/token-service.ts";
import type { ClaimedClient, OAuthCall, TokenServiceDeps } from "./deps.ts";
import { invalidClient } from "./oauth-error.ts";

/** A client that showed one of its secrets, in its tenant. */
export interface ProvedClient {
  readonly client: OAuthClient;
  readonly tenant: Tenant;
  /** Public part of the secret that was shown. */
  readonly keyId: string;
}

/**
 * Secrets are looked up each time: one that was rotated out or whose client was deleted is refused from the commit on, on
 * every node.
 * @throws OAuthError invalid_client, the same for every reason; RATE_LIMITED
 */
export async function authenticateClient(
  { store, tenants, admitCaller }: Pick<TokenServiceDeps, "store" | "tenants" | "admitCaller">,
  { nowMs }: Pick<OAuthCall, "nowMs">,
  claimed: ClaimedClient,
): Promise<ProvedClient> {
  const secret = parseOwnSecret("rlc", claimed.secret);
  if (secret === undefined) throw invalidClient("not a client secret: its form or its checksum is wrong");
  const found = await store.clientBySecret(secret.id);
  const matches = sameDigest(secret.sha256, found?.sha256 ?? NO_DIGEST);
  if (found === undefined || !matches) throw invalidClient(`no such secret: ${secret.id}`);
  const { client, expiresAtMs } = found;
  if (client.clientId !== claimed.clientId) throw invalidClient(`secret ${secret.id} is of another client`);
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) throw invalidClient(`secret ${secret.id} was rotated out`);
  admitCaller(client.clientId);
  const tenant = await tenants.byId(client.tenantId);
  if (tenant?.state !== "active") throw invalidClient(`the tenant of client ${client.clientId} is not active`);
  return { client, tenant, keyId: secret.id };
}
