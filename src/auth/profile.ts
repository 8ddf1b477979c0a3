import type { IssuerProfile, SigningAlgorithm } from "../model/trust.ts";
import { refuse, shown } from "./refusal.ts";
import { requiredString } from "./required-string.ts";
import type { JsonMembers } from "./strict-json.ts";
import type { UnverifiedToken } from "./token.ts";

/** The `use` of keys that verify; `sig` may be left out, any other must be there, with a kid. */
export type KeyUse = "sig" | "jwt-svid";

/** What kind of token an issuer gives out. The rules of two profiles exclude each other (RFC 8725 §3.12). */
interface ProfileRules {
  /** What `typ` may be; undefined stands for a header without it. */
  readonly types: readonly (string | undefined)[];
  /** `typ` is a media type, in any case and with or without `application/`; else it is compared as it is. */
  readonly typeIsMediaType: boolean;
  /** The only members a header may have; undefined: others mean nothing here and do no harm. */
  readonly headerMembers?: readonly string[];
  /** Algorithms that the profile rules out, whatever the issuer is pinned to. */
  readonly forbidden: readonly SigningAlgorithm[];
  readonly keyUse: KeyUse;
  /** Claims that must be non-empty strings, beyond `iss` and `sub`. */
  readonly required: readonly string[];
  /** Without `iat` the token's age is not known, and what is left of it must be within the bound. */
  readonly issuedAt: "required" | "optional";
  /** Claims that mark tokens of another kind. */
  readonly foreign: readonly string[];
}

/**
 * - `oauth`: RFC 9068 §4. `typ` keeps ID tokens out; `client_id` and `jti` are required there.
 * - `oidc`: what OpenID providers sign without that type (CI systems, cloud identities, older servers). `at+jwt` is refused:
 *   an issuer that types its access tokens must be held to the stricter profile. `events` marks logout and security event
 *   tokens (RFC 8417 §2), which may come with `typ: JWT`. `azp` and further audiences are not judged: `azp` names the client
 *   that asked for the token, and who may call is decided by bindings on `sub`.
 * - `spiffe`: JWT-SVID §2 and §3. `typ` in these letters; EdDSA is not among its algorithms (§2.1). Keys: SPIFFE Trust Domain
 *   and Bundle §4.2.
 * - `kubernetes`: what the API server signs for service accounts, without `typ`.
 */
export const PROFILES = {
  oauth: { ...rules("sig", ["at+jwt"]), required: ["client_id", "jti"] },
  oidc: { ...rules("sig", ["jwt", undefined]), foreign: ["events"] },
  spiffe: {
    ...rules("jwt-svid", ["JWT", "JOSE", undefined]),
    typeIsMediaType: false,
    headerMembers: ["alg", "kid", "typ"],
    forbidden: ["EdDSA"],
    issuedAt: "optional",
  },
  kubernetes: rules("sig", ["jwt", undefined]),
} as const satisfies Record<IssuerProfile, ProfileRules>;

function rules(keyUse: KeyUse, types: ProfileRules["types"]): ProfileRules {
  return { types, keyUse, typeIsMediaType: true, forbidden: [], required: [], issuedAt: "required", foreign: [] };
}

/** The rules of a profile, all of one shape. */
export function rulesOf(profile: IssuerProfile): ProfileRules {
  return PROFILES[profile];
}

export function checkHeader(profile: IssuerProfile, { typ, members }: Pick<UnverifiedToken, "typ" | "members">): void {
  const { types, typeIsMediaType, headerMembers } = rulesOf(profile);
  const unexpected = headerMembers && members.find((name) => !headerMembers.includes(name));
  if (unexpected !== undefined) refuse("header_member_not_allowed", shown(unexpected));
  const type = typeIsMediaType ? typ?.toLowerCase().replace(/^application\//, "") : typ;
  if (!types.includes(type)) refuse("typ_not_allowed", `${shown(typ)} in profile ${profile}`);
}

export function checkProfileClaims(profile: IssuerProfile, claims: JsonMembers): void {
  const { required, foreign } = rulesOf(profile);
  for (const name of foreign) if (claims.has(name)) refuse("token_kind_not_allowed", name);
  for (const name of required) requiredString(claims, name);
}
