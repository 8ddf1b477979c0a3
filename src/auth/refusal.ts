import { type ErrorReason, RelataError } from "../errors.ts";

interface Refusal {
  /** What the caller gets: the uniform refusal, or "try again later" where nothing could be judged. */
  readonly answer: Extract<ErrorReason, "UNAUTHENTICATED" | "ISSUER_KEYS_UNAVAILABLE">;
  /** For the operator who reads the code in the log. */
  readonly means: string;
}

const refused = (means: string): Refusal => ({ answer: "UNAUTHENTICATED", means });

/**
 * Why a credential was not accepted: stable codes for the log, in the order they are looked at. The caller never sees them.
 * They begin `RelataError.detail`, as `code` or `code: what exactly`.
 */
export const REFUSALS = {
  token_missing: refused("no authorization header"),
  scheme_not_bearer: refused("the authorization header is not `Bearer <token>`"),
  token_too_large: refused("the token is longer than maxTokenBytes; nothing of it was parsed"),
  malformed_parts: refused("not three parts joined by dots, or a part is empty"),
  bad_base64: refused("a part is not base64url without padding, in its one canonical form"),
  bad_json: refused("header or payload is not a JSON object in UTF-8"),
  duplicate_claim: refused("header or payload names a member twice, so two readers could see two tokens"),
  header_invalid: refused("kid or typ is not a short string"),
  alg_none: refused("the token says it is unsigned"),
  alg_not_allowed: refused("not an algorithm this issuer is pinned to, or not an asymmetric one"),
  unknown_crit: refused("the header demands extensions that are not understood"),
  header_not_supported: refused("the header asks for a detached, compressed or encrypted payload (b64, zip, enc)"),
  signature_missing: refused("the third part is empty"),
  issuer_missing: refused("no iss, or not a string"),
  issuer_unknown: refused("iss is none of the trusted issuers, compared byte by byte"),
  trust_domain_unknown: refused("the trust domain of sub is none of the trusted ones"),
  spiffe_id_invalid: refused("sub is no SPIFFE ID of a workload"),
  header_member_not_allowed: refused("the header has a member beyond alg, kid and typ, which a JWT-SVID must not"),
  typ_not_allowed: refused("typ is not what this issuer's profile demands"),
  key_unknown: refused("the issuer publishes no key of that kid, even after asking again"),
  key_unusable: refused("the key of that kid is not fit to verify this algorithm"),
  keys_unavailable: {
    answer: "ISSUER_KEYS_UNAVAILABLE",
    means:
      "the issuer's keys were never reached, or not for the hard limit: nothing can be judged, nothing is accepted",
  },
  bad_signature: refused("the signature is not of this issuer's key over these bytes"),
  claim_missing: refused("a claim that the profile requires is absent"),
  claim_invalid: refused("a claim has the wrong shape"),
  token_kind_not_allowed: refused(
    "a security event or logout token, or a Kubernetes one without end: not one that proves a caller",
  ),
  cnf_unsupported: refused("the token is bound to something other than a certificate, or to several things"),
  certificate_binding_missing: refused("the issuer's tokens must be bound to a certificate, and this one is not"),
  certificate_missing: refused("the token is bound to a certificate, and the connection has shown none"),
  certificate_mismatch: refused("the token is bound to another certificate than the connection's"),
  audience_mismatch: refused("aud holds none of the issuer's audiences"),
  audience_not_single: refused("the token is for further audiences, and the issuer's must be for one"),
  exp_missing: refused("no exp"),
  expired: refused("exp has passed, with the clock skew allowed for"),
  not_yet_valid: refused("nbf is in the future, beyond the clock skew"),
  issued_in_future: refused("iat is in the future, beyond the clock skew"),
  lifetime_too_long: refused(
    "exp - iat, or what is left where there is no iat, is more than the issuer's maxLifetimeMs",
  ),
  revoked: refused("the token was revoked, by its jti or with all that its subject had been issued before"),
  tenant_claim_missing: refused("the issuer's tenant claim is absent, and the subject is not bound to the platform"),
  tenant_claim_invalid: refused("the tenant claim is not a tenant's slug"),
  subject_unbound: refused("no binding names this issuer and subject"),
  api_token_malformed: refused("not of an API token's form, or its checksum is wrong: mistyped or cut"),
  api_token_unknown: refused("no API token has this key id"),
  api_token_secret_wrong: refused("the key id is an API token's, and the secret is not"),
  api_token_revoked: refused("the API token was revoked"),
  api_token_expired: refused("the API token has ended"),
  api_token_address: refused("the API token may not be used from this address"),
  api_token_tenant_gone: refused("the API token's tenant does not exist any more"),
} as const satisfies Record<string, Refusal>;

export type RefusalReason = keyof typeof REFUSALS;

/** One sentence for whatever is refused, so that an answer tells a prober nothing. */
export const UNAUTHENTICATED_MESSAGE =
  "the credential is not accepted: send a valid token as `authorization: Bearer <token>`. " +
  "The server's log has the reason, under this request's id";

export const KEYS_UNAVAILABLE_MESSAGE =
  "the credential cannot be judged now, because its issuer's keys are out of reach: try again later";

/** Ends the judgement. `about` goes to the log only and never holds a part of the token as sent. */
export function refuse(reason: RefusalReason, about?: string): never {
  const { answer } = REFUSALS[reason];
  const message = answer === "UNAUTHENTICATED" ? UNAUTHENTICATED_MESSAGE : KEYS_UNAVAILABLE_MESSAGE;
  throw new RelataError(answer, message, { detail: about === undefined ? reason : `${reason}: ${about}` });
}

/** The code in the detail of an error thrown by `refuse`; undefined for any other error. */
export function refusalReason(error: unknown): RefusalReason | undefined {
  if (!(error instanceof RelataError)) return undefined;
  const code = error.detail?.split(":", 1)[0] ?? "";
  return Object.hasOwn(REFUSALS, code) ? (code as RefusalReason) : undefined;
}

/** Longest piece of foreign text in a log line, characters. */
const MAX_SHOWN = 80;

/** Text from outside, fit for a log line: quoted, control characters escaped, cut. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}
