import { refuse } from "./refusal.ts";
import { requiredString } from "./required-string.ts";
import type { JsonMembers } from "./strict-json.ts";

/** The `iss` of tokens kept in Secrets, which never expire and name no audience: nothing of the kind proves anybody. */
export const LEGACY_ISSUER = "kubernetes/serviceaccount";

export const SUBJECT_PREFIX = "system:serviceaccount:";

/** A DNS label, and a DNS subdomain (RFC 1123): neither holds a colon, so a subject is taken apart in one way only. */
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
/** A uid is opaque to everybody but the API server, which makes UUIDs. */
const UID = /^[A-Za-z0-9-]{1,128}$/;

/** A service account of one cluster. An account that is deleted and made anew has another uid, and is somebody else. */
export interface ServiceAccount {
  /** `system:serviceaccount:<namespace>:<name>`, which is `sub`. */
  readonly named: string;
  readonly uid: string;
}

/** The account of a token as the API server signs it, of which `sub` says no more than the name. */
export function readServiceAccount(claims: JsonMembers): ServiceAccount {
  // Claims with this prefix are those of tokens kept in Secrets.
  for (const name of claims.keys())
    if (name.startsWith("kubernetes.io/serviceaccount")) refuse("token_kind_not_allowed", "legacy service account");
  const about = object(claims.get("kubernetes.io"), "kubernetes.io");
  const account = object(about.get("serviceaccount"), "kubernetes.io.serviceaccount");
  const namespace = matching(about, "namespace", NAMESPACE, "kubernetes.io.");
  const name = matching(account, "name", NAME, "kubernetes.io.serviceaccount.");
  const uid = matching(account, "uid", UID, "kubernetes.io.serviceaccount.");
  const named = `${SUBJECT_PREFIX}${namespace}:${name}`;
  if (requiredString(claims, "sub") !== named) refuse("claim_invalid", "sub is not what kubernetes.io says");
  return { named, uid };
}

function matching(members: JsonMembers, name: string, pattern: RegExp, where: string): string {
  const value = requiredString(members, name, undefined, where);
  return pattern.test(value) ? value : refuse("claim_invalid", `${where}${name}`);
}

function object(value: unknown, name: string): JsonMembers {
  if (value === undefined) refuse("claim_missing", name);
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse("claim_invalid", name);
  return new Map(Object.entries(value));
}
