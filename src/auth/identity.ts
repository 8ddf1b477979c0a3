import type { IssuerProfile } from "../model/trust.ts";
import { refuse } from "./refusal.ts";
import { requiredString } from "./required-string.ts";
import { readServiceAccount } from "./service-account.ts";
import { parseSpiffeId } from "./spiffe-id.ts";
import type { JsonMembers } from "./strict-json.ts";

/** Whom a token speaks of. */
export interface Identity {
  /** What history and logs have of it, and what stays the same person or program for good. */
  readonly subject: string;
  /** Further names that bindings and revocations may use for it. */
  readonly aliases: readonly string[];
}

/** Longest subject, bytes: it is kept in history and logs. A SPIFFE ID may be longer and says itself how long. */
const MAX_SUBJECT_BYTES = 512;

const IDENTIFY = {
  oauth: bySubject,
  oidc: bySubject,
  spiffe: bySpiffeId,
  kubernetes: byServiceAccount,
} as const satisfies Record<IssuerProfile, (claims: JsonMembers) => Identity>;

export function identityOf(profile: IssuerProfile, claims: JsonMembers): Identity {
  return IDENTIFY[profile](claims);
}

function bySubject(claims: JsonMembers): Identity {
  return { subject: requiredString(claims, "sub", MAX_SUBJECT_BYTES), aliases: NONE };
}

/** JWT-SVID §3.1: `sub` is the SPIFFE ID of the workload. That of a trust domain alone names no workload. */
function bySpiffeId(claims: JsonMembers): Identity {
  const subject = requiredString(claims, "sub");
  const id = parseSpiffeId(subject);
  if (id === undefined) refuse("spiffe_id_invalid");
  if (id.path === "") refuse("spiffe_id_invalid", "a trust domain, no workload");
  return { subject, aliases: NONE };
}

/** The uid makes the subject; the name alone is what else it may be called by. */
function byServiceAccount(claims: JsonMembers): Identity {
  const { named, uid } = readServiceAccount(claims);
  return { subject: `${named}:${uid}`, aliases: [named] };
}

const NONE: readonly string[] = [];
