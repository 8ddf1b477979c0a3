import { type CreateClient, createCreateClient } from "./create-client.ts";
import { createDeleteClient, type DeleteClient } from "./delete-client.ts";
import type { ClientVerbDeps } from "./deps.ts";
import { createListClients, type ListClients } from "./list-clients.ts";
import { createRotateClientSecret, type RotateClientSecret } from "./rotate-client-secret.ts";
import {
  createListSigningKeys,
  createRotateSigningKey,
  type ListSigningKeys,
  type RotateSigningKey,
} from "./signing-keys.ts";

/** Who may ask the token service for tokens, and what it signs with. */
export interface ClientVerbs {
  readonly createClient: CreateClient;
  readonly listClients: ListClients;
  readonly rotateClientSecret: RotateClientSecret;
  readonly deleteClient: DeleteClient;
  readonly listSigningKeys: ListSigningKeys;
  readonly rotateSigningKey: RotateSigningKey;
}

export function createClientVerbs(deps: ClientVerbDeps): ClientVerbs {
  return {
    createClient: createCreateClient(deps),
    listClients: createListClients(deps),
    rotateClientSecret: createRotateClientSecret(deps),
    deleteClient: createDeleteClient(deps),
    listSigningKeys: createListSigningKeys(deps),
    rotateSigningKey: createRotateSigningKey(deps),
  };
}
