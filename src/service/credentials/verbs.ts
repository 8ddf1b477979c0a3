import { createDeleteBinding, type DeleteBinding } from "./delete-binding.ts";
import type { CredentialDeps } from "./deps.ts";
import { createListBindings, type ListBindings } from "./list-bindings.ts";
import { createListRevocations, type ListRevocations } from "./list-revocations.ts";
import { createPutBinding, type PutBinding } from "./put-binding.ts";
import { createRevokeJwt, type RevokeJwt } from "./revoke-jwt.ts";

/** Who may call and who may no longer. */
export interface CredentialVerbs {
  readonly putBinding: PutBinding;
  readonly listBindings: ListBindings;
  readonly deleteBinding: DeleteBinding;
  readonly revokeJwt: RevokeJwt;
  readonly listRevocations: ListRevocations;
}

export function createCredentialVerbs(deps: CredentialDeps): CredentialVerbs {
  return {
    putBinding: createPutBinding(deps),
    listBindings: createListBindings(deps),
    deleteBinding: createDeleteBinding(deps),
    revokeJwt: createRevokeJwt(deps),
    listRevocations: createListRevocations(deps),
  };
}
