import type { IssuerProfile } from "../model/trust.ts";
import { refuse, shown } from "./refusal.ts";
import type { JsonMembers } from "./strict-json.ts";

/** What kind of token an issuer gives out. The rules of two profiles exclude each other (RFC 8725 §3.12). */
interface ProfileRules {
  /** Media types of `typ`, lower case, without `application/`; undefined stands for a header without `typ`. */
  readonly types: readonly (string | undefined)[];
  /** Claims that must be non-empty strings, beyond `iss` and `sub`. */
  readonly required: readonly string[];
  /** Claims that mark tokens of another kind. */
  readonly foreign: readonly string[];
}

/**
 * - `oauth`: RFC 9068 §4. `typ` keeps ID tokens out; `client_id` and `jti` are required there.
 * - `oidc`: what OpenID providers sign without that type (CI systems, cloud identities, older servers). `at+jwt` is refused:
 *   an issuer that types its access tokens must be held to the stricter profile. `events` marks logout and security event
 *   tokens (RFC 8417 §2), which may come with `typ: JWT`. `azp` and further audiences are not judged: `azp` names the client
 *   that asked for the token, and who may call is decided by bindings on `sub`.
 */
export const PROFILES = {
  oauth: { types: ["at+jwt"], required: ["client_id", "jti"], foreign: [] },
  oidc: { types: ["jwt", undefined], required: [], foreign: ["events"] },
} as const satisfies Record<IssuerProfile, ProfileRules>;

export function checkType(profile: IssuerProfile, typ: string | undefined): void {
  const { types }: ProfileRules = PROFILES[profile];
  const mediaType = typ?.toLowerCase().replace(/^application\//, "");
  if (!types.includes(mediaType)) refuse("typ_not_allowed", `${shown(typ)} in profile ${profile}`);
}

export function checkProfileClaims(profile: IssuerProfile, claims: JsonMembers): void {
  const { required, foreign }: ProfileRules = PROFILES[profile];
  for (const name of foreign) if (claims.has(name)) refuse("token_kind_not_allowed", name);
  for (const name of required) requiredString(claims, name);
}

/** The string in a claim; refused when absent, empty or something else. */
export function requiredString(claims: JsonMembers, name: string): string {
  const value = claims.get(name);
  if (value === undefined) refuse("claim_missing", name);
  if (typeof value !== "string" || value === "") refuse("claim_invalid", name);
  return value;
}
