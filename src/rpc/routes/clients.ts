import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { SigningKeyState as KeyState, SigningKeyView } from "../../auth/own-keys.ts";
import { RelataError } from "../../errors.ts";
import {
  ClientService,
  type CreateClientRequest,
  type OAuthClientSchema,
  type SigningKeySchema,
  SigningKeyState,
} from "../../gen/relata/v1/client_service_pb.ts";
import { GRANT_TYPES, type GrantType, type OAuthClient } from "../../model/token-service.ts";
import type { ClientVerbs } from "../../service/token-service/client-verbs.ts";
import type { EdgeCall } from "../edge-call.ts";
import { badField } from "../wire-fields.ts";
import { writeTimestamp } from "../wire-values.ts";
import { platformCall, tenantCall } from "./calls.ts";
import { readLimits, readScopes, writeLimits } from "./credentials-wire.ts";
import { type Route, routesOf } from "./route.ts";

/** @param verbs undefined where there is no token service */
export function clientRoutes(verbs: ClientVerbs | undefined): readonly Route[] {
  // Clients are a tenant's and keys the platform's: each takes the call as what it is.
  return routesOf(ClientService, (call: EdgeCall) => call, {
    createClient: async (call, request) => {
      const { client, secret } = await on(verbs).createClient(tenantCall(call), readCreate(request));
      return { client: writeClient(client), clientSecret: secret };
    },
    listClients: async (call, { pageSize, pageToken }) => {
      const { clients, nextPageToken } = await on(verbs).listClients(tenantCall(call), { pageSize, pageToken });
      return { clients: clients.map(writeClient), nextPageToken };
    },
    rotateClientSecret: async (call, { clientId, overlap }) => {
      const overlapMs = overlap === undefined ? 0 : durationMs(overlap);
      const { client, secret } = await on(verbs).rotateClientSecret(tenantCall(call), { clientId, overlapMs });
      return { client: writeClient(client), clientSecret: secret };
    },
    deleteClient: async (call, { clientId }) => {
      await on(verbs).deleteClient(tenantCall(call), clientId);
      return {};
    },
    listSigningKeys: async (call) => ({ keys: (await on(verbs).listSigningKeys(platformCall(call))).map(writeKey) }),
    rotateSigningKey: async (call, { now, withdrawOthers }) => ({
      key: writeKey(await on(verbs).rotateSigningKey(platformCall(call), { now, withdrawOthers })),
    }),
  });
}

function on(verbs: ClientVerbs | undefined): ClientVerbs {
  if (verbs !== undefined) return verbs;
  throw new RelataError("TOKEN_SERVICE_OFF", "this server has no token service: set `tokenService` to have one");
}

function readCreate({ name, grantTypes, scopes, objects }: CreateClientRequest) {
  const unknown = grantTypes.findIndex((grant) => !isGrantType(grant));
  if (unknown >= 0) {
    throw badField("INVALID_REQUEST", `grant_types[${unknown}]`, `is none; there are: ${GRANT_TYPES.join(", ")}`);
  }
  return {
    name,
    grants: GRANT_TYPES.filter((grant) => grantTypes.includes(grant)),
    scopes: readScopes(scopes, "scopes"),
    objects: readLimits(objects, "objects"),
  };
}

function isGrantType(text: string): text is GrantType {
  return GRANT_TYPES.some((grant) => grant === text);
}

function writeClient(client: OAuthClient) {
  const { clientId, name, grants, scopes, objects, createdAtMs, createdBy, secrets } = client;
  return {
    clientId,
    name,
    grantTypes: [...grants],
    scopes: [...scopes],
    objects: writeLimits(objects),
    createdAt: writeTimestamp(createdAtMs),
    createdBy,
    secrets: secrets.map(({ keyId, ...secret }) => ({
      keyId,
      createdAt: writeTimestamp(secret.createdAtMs),
      ...(secret.expiresAtMs !== undefined && { expiresAt: writeTimestamp(secret.expiresAtMs) }),
    })),
  } satisfies MessageInitShape<typeof OAuthClientSchema>;
}

const STATES = {
  next: SigningKeyState.NEXT,
  active: SigningKeyState.ACTIVE,
  retired: SigningKeyState.RETIRED,
  gone: SigningKeyState.GONE,
  sealed: SigningKeyState.SEALED,
} as const satisfies Record<KeyState, SigningKeyState>;

function writeKey({ stored, state, endsAtMs }: SigningKeyView) {
  const { kid, sealedBy, createdAtMs, activatesAtMs, createdBy } = stored;
  return {
    kid,
    state: STATES[state],
    createdAt: writeTimestamp(createdAtMs),
    activatesAt: writeTimestamp(activatesAtMs),
    ...(endsAtMs !== undefined && { endsAt: writeTimestamp(endsAtMs) }),
    sealedBy,
    createdBy,
  } satisfies MessageInitShape<typeof SigningKeySchema>;
}
