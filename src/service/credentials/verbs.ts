import {
  createGetApiTokenPolicy,
  createSetApiTokenPolicy,
  type GetApiTokenPolicy,
  type SetApiTokenPolicy,
} from "./api-token-policy.ts";
import { type CreateApiToken, createCreateApiToken } from "./create-api-token.ts";
import { createDeleteBinding, type DeleteBinding } from "./delete-binding.ts";
import type { CredentialDeps } from "./deps.ts";
import { createListApiTokens, type ListApiTokens } from "./list-api-tokens.ts";
import { createListBindings, type ListBindings } from "./list-bindings.ts";
import { createListRevocations, type ListRevocations } from "./list-revocations.ts";
import { createPutBinding, type PutBinding } from "./put-binding.ts";
import { createRevokeApiToken, type RevokeApiToken } from "./revoke-api-token.ts";
import { createRevokeJwt, type RevokeJwt } from "./revoke-jwt.ts";
import { createRotateApiToken, type RotateApiToken } from "./rotate-api-token.ts";

/** Who may call and who may no longer. */
export interface CredentialVerbs {
  readonly createApiToken: CreateApiToken;
  readonly listApiTokens: ListApiTokens;
  readonly rotateApiToken: RotateApiToken;
  readonly revokeApiToken: RevokeApiToken;
  readonly getApiTokenPolicy: GetApiTokenPolicy;
  readonly setApiTokenPolicy: SetApiTokenPolicy;
  readonly putBinding: PutBinding;
  readonly listBindings: ListBindings;
  readonly deleteBinding: DeleteBinding;
  readonly revokeJwt: RevokeJwt;
  readonly listRevocations: ListRevocations;
}

export function createCredentialVerbs(deps: CredentialDeps): CredentialVerbs {
  return {
    createApiToken: createCreateApiToken(deps),
    listApiTokens: createListApiTokens(deps),
    rotateApiToken: createRotateApiToken(deps),
    revokeApiToken: createRevokeApiToken(deps),
    getApiTokenPolicy: createGetApiTokenPolicy(deps),
    setApiTokenPolicy: createSetApiTokenPolicy(deps),
    putBinding: createPutBinding(deps),
    listBindings: createListBindings(deps),
    deleteBinding: createDeleteBinding(deps),
    revokeJwt: createRevokeJwt(deps),
    listRevocations: createListRevocations(deps),
  };
}
