import { patternsOverlap } from "../../auth/binding.ts";
import { trustProblems } from "../../auth/trust-problems.ts";
import { RelataError } from "../../errors.ts";
import type { ObjectLimit } from "../../model/access.ts";
import type { Scope } from "../../model/scope.ts";
import type { Binding } from "../../model/trust.ts";
import type { StoredBinding } from "../../model/trust-store.ts";
import type { PlatformCall } from "../call.ts";
import type { CredentialDeps } from "./deps.ts";
import { bindingPut } from "./drafts.ts";
import { invalid, requireText } from "./fields.ts";
import { requireHeldByCaller } from "./held-by-caller.ts";

export interface PutBindingRequest {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  /** Slugs. */
  readonly tenants: readonly string[];
  readonly platform: boolean;
  readonly scopes: readonly Scope[];
  readonly objects: readonly ObjectLimit[];
}

export type PutBinding = (call: PlatformCall, request: PutBindingRequest) => Promise<StoredBinding>;

/** Bytes: what the index of issuer, subject and name can hold. */
const MAX_SUBJECT_BYTES = 1024;
const MAX_NAME = 100;
/** Tenants of one binding; more take several bindings, each of its own name. */
const MAX_TENANTS = 1000;

/**
 * The rules are those of bindings in the configuration: what could not stand there cannot be put here.
 * @throws CREDENTIAL_TOO_BROAD for more of the platform than the caller holds
 */
export function createPutBinding({ store, issuers, bindings }: CredentialDeps): PutBinding {
  return async (call, request) => {
    const { issuer, subject, name, platform, scopes, objects } = request;
    const tenants = [...new Set(request.tenants)].toSorted();
    requireText("binding.subject", subject, 1, MAX_SUBJECT_BYTES);
    requireText("binding.name", name, 0, MAX_NAME);
    if (Buffer.byteLength(subject) > MAX_SUBJECT_BYTES || Buffer.byteLength(name) > MAX_NAME)
      throw invalid("binding.subject", `must be at most ${MAX_SUBJECT_BYTES} bytes, and name ${MAX_NAME}`);
    if (tenants.length > MAX_TENANTS)
      throw invalid("binding.tenants", `are more than ${MAX_TENANTS}: put several bindings`);
    if (platform && tenants.length > 0)
      throw invalid("binding.tenants", "must be empty where the binding is of the platform");
    if (scopes.length === 0) throw invalid("binding.scopes", "are empty: such a binding would allow nothing");
    const binding: Binding = { issuer, subject, tenants, platform, scopes, ...(objects.length > 0 && { objects }) };
    // Those of the configuration were found sound at the start: what is found now is the new one's.
    const problems = trustProblems(issuers, [...bindings, binding]);
    if (problems.length > 0)
      throw new RelataError("INVALID_REQUEST", problems.join("; "), { metadata: { field: "binding" } });
    // Of tenants nobody on the platform holds anything: who gets into them is what this method decides.
    if (platform) requireHeldByCaller(call, { scopes, objects });
    const put = { key: { issuer, subject, name }, tenants, platform, scopes, objects };
    return store.bindings.put(put, (others) => refuseOverlap(binding, others), bindingPut(call, put));
  };
}

/** @param others subjects bound to the platform, where this one is bound to tenants, and the other way round */
function refuseOverlap({ subject, issuer, platform }: Binding, others: readonly string[]): void {
  const other = others.find((pattern) => patternsOverlap(subject, pattern));
  if (other === undefined) return;
  const [mine, theirs] = platform ? ["the platform", "tenants"] : ["tenants", "the platform"];
  throw new RelataError(
    "INVALID_REQUEST",
    `binding.subject: "${subject}" at ${issuer} cannot be bound to ${mine} while "${other}" is bound to ${theirs}: one subject cannot act in both; use two`,
    { metadata: { field: "binding.subject" } },
  );
}
