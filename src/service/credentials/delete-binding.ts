import type { BindingKey } from "../../model/trust-store.ts";
import type { PlatformCall } from "../call.ts";
import type { CredentialDeps } from "./deps.ts";
import { bindingDeleted } from "./drafts.ts";

export type DeleteBinding = (call: PlatformCall, key: BindingKey) => Promise<void>;

/** @throws BINDING_NOT_FOUND */
export function createDeleteBinding({ store }: CredentialDeps): DeleteBinding {
  return (call, key) => store.bindings.delete(key, bindingDeleted(call, key));
}
