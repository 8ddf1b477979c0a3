import { RelataError } from "../../errors.ts";
import type { CredentialService } from "../../gen/relata/v1/credential_service_pb.ts";
import type { CredentialVerbs } from "../../service/credentials/verbs.ts";
import type { EdgeCall } from "../edge-call.ts";
import { tenantCall } from "./calls.ts";
import { readDuration, readLimits, readPolicy, readScopes, writeApiToken, writePolicy } from "./credentials-wire.ts";
import type { ServiceRoutes } from "./route.ts";

type ApiTokenMethods = Pick<
  ServiceRoutes<typeof CredentialService, EdgeCall>,
  "createApiToken" | "listApiTokens" | "rotateApiToken" | "revokeApiToken" | "getApiTokenPolicy" | "setApiTokenPolicy"
>;

/** The methods of CredentialService that are a tenant's. */
export function apiTokenRoutes(verbs: CredentialVerbs): ApiTokenMethods {
  return {
    createApiToken: async (call, { name, allowedCidrs, lifetime, ...request }) => {
      const { secret, token } = await verbs.createApiToken(tenantCall(call), {
        name,
        allowedCidrs,
        scopes: readScopes(request.scopes, "scopes"),
        objects: readLimits(request.objects, "objects"),
        lifetimeMs: readLifetime(lifetime),
      });
      return { secret, token: writeApiToken(token, call.nowMs) };
    },
    listApiTokens: async (call, { pageSize, pageToken, includeInactive }) => {
      const answer = await verbs.listApiTokens(tenantCall(call), { pageSize, pageToken, includeInactive });
      return {
        tokens: answer.tokens.map((token) => writeApiToken(token, call.nowMs)),
        nextPageToken: answer.nextPageToken,
      };
    },
    rotateApiToken: async (call, { keyId, overlap, lifetime }) => {
      const { secret, token, previous } = await verbs.rotateApiToken(tenantCall(call), {
        keyId: requireKeyId(keyId),
        overlapMs: readDuration(overlap, "overlap") ?? 0,
        lifetimeMs: readLifetime(lifetime),
      });
      return { secret, token: writeApiToken(token, call.nowMs), previous: writeApiToken(previous, call.nowMs) };
    },
    revokeApiToken: async (call, { keyId }) => {
      const token = await verbs.revokeApiToken(tenantCall(call), requireKeyId(keyId));
      return { token: writeApiToken(token, call.nowMs) };
    },
    getApiTokenPolicy: async (call) => ({ policy: writePolicy(await verbs.getApiTokenPolicy(tenantCall(call))) }),
    setApiTokenPolicy: async (call, { policy }) => ({
      policy: writePolicy(await verbs.setApiTokenPolicy(tenantCall(call), readPolicy(policy))),
    }),
  };
}

const KEY_ID = /^[0-9A-Za-z]{12}$/;

/** What cannot be a key id is none of this tenant's, and not worth asking the database. */
function requireKeyId(keyId: string): string {
  if (KEY_ID.test(keyId)) return keyId;
  throw new RelataError("INVALID_REQUEST", "key_id must be the 12 characters between the underscores of the token", {
    metadata: { field: "key_id" },
  });
}

function readLifetime(lifetime: Parameters<typeof readDuration>[0]): number | undefined {
  const ms = readDuration(lifetime, "lifetime");
  if (ms !== undefined && ms < MIN_LIFETIME_MS)
    throw new RelataError(
      "INVALID_REQUEST",
      "lifetime must be at least a second; left out, it is the policy's default",
      {
        metadata: { field: "lifetime" },
      },
    );
  return ms;
}

const MIN_LIFETIME_MS = 1_000;
