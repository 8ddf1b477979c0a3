import { isObjectScope } from "../model/access.ts";
import { API_TOKEN_ISSUER } from "../model/api-token.ts";
import { isTenantSlug } from "../model/tenant.ts";
import type { Binding, TrustedIssuer } from "../model/trust.ts";
import { patternsOverlap } from "./binding.ts";
import { profileProblems, subjectProblems } from "./profile-problems.ts";
import { SUBJECT_PREFIX } from "./service-account.ts";
import { whyUnsafeUrl } from "./url.ts";

const MAX_SKEW_MS = 60_000;

/**
 * Everything that makes trust settings unsafe or meaningless, as sentences; empty when they are sound. Security settings have
 * no default that would hide one of these.
 */
export function trustProblems(issuers: readonly TrustedIssuer[], bindings: readonly Binding[]): readonly string[] {
  const repeated = issuers.filter((issuer, at) => issuers.findIndex((other) => other.issuer === issuer.issuer) < at);
  return [
    ...issuers.flatMap(issuerProblems),
    ...repeated.map(({ issuer }) => `issuer ${issuer}: is there twice`),
    ...bindings.flatMap((binding) => bindingProblems(binding, issuers)),
    ...overlapProblems(bindings),
  ];
}

function issuerProblems(issuer: TrustedIssuer): readonly string[] {
  const { keys } = issuer;
  const found: string[] = [];
  if (issuer.issuer === "") found.push("the identifier is empty");
  // RFC 3986 has no "|" in a URI; with one, history and limits could take a subject of this issuer for another's.
  if (issuer.issuer.includes("|")) found.push('"|" cannot stand in an identifier: it separates issuer and subject');
  if (issuer.issuer === API_TOKEN_ISSUER) found.push("the name is that of relata's own API tokens in logs and history");
  if (keys.kind === "discovery" && issuer.profile !== "spiffe") {
    const unsafe = whyUnsafeUrl(issuer.issuer);
    if (unsafe !== undefined) found.push(`the identifier, as the address of its discovery document, ${unsafe}`);
    if (/[?#]/.test(issuer.issuer)) found.push("an identifier with query or fragment has no discovery document");
  }
  if (keys.kind === "jwks") {
    const unsafe = whyUnsafeUrl(keys.url);
    if (unsafe !== undefined) found.push(`the key set's URL ${keys.url} ${unsafe}`);
  }
  if (keys.kind === "file" && keys.path === "") found.push("the key file's path is empty");
  if (issuer.algorithms.length === 0) found.push("no algorithm is allowed");
  if (issuer.audiences.length === 0 || issuer.audiences.includes("")) {
    found.push("no audience, or an empty one: tokens meant for other services would be accepted");
  }
  if (issuer.tenant.kind === "claim" && issuer.tenant.claim === "") found.push("the tenant claim has no name");
  if (!(issuer.maxLifetimeMs > 0)) found.push("maxLifetimeMs must be positive");
  if (!(issuer.clockSkewMs >= 0 && issuer.clockSkewMs <= MAX_SKEW_MS)) {
    found.push(`clockSkewMs must be between 0 and ${MAX_SKEW_MS}`);
  }
  found.push(...profileProblems(issuer));
  return found.map((problem) => `issuer ${issuer.issuer}: ${problem}`);
}

function bindingProblems(binding: Binding, issuers: readonly TrustedIssuer[]): readonly string[] {
  const { subject, tenants } = binding;
  const issuer = issuers.find((candidate) => candidate.issuer === binding.issuer);
  const found: string[] = [];
  if (issuer === undefined) found.push("its issuer is not among the trusted ones");
  if (subject === "") found.push("the subject is empty");
  else if (issuer !== undefined) found.push(...subjectProblems(subject, issuer));
  if (subject.slice(0, -1).includes("*")) found.push('"*" stands for the rest of a subject, at its end only');
  if (subject === "*" && issuer !== undefined && issuer.bindAnySubject !== true) {
    found.push('"*" is everybody its issuer knows: name subjects, or set `bindAnySubject: true` of the issuer');
  }
  if (subject === "*" && binding.platform) found.push("the platform is not for every subject of an issuer");
  if (!binding.platform) {
    if (tenants.length === 0) found.push("names no tenant");
    if (issuer?.tenant.kind === "claim")
      found.push("its issuer takes the tenant from a claim, so only platform bindings count");
    const wrong = tenants.filter((slug) => !isTenantSlug(slug));
    if (wrong.length > 0) found.push(`not a tenant's slug: ${wrong.join(", ")}`);
  }
  const whole = (binding.objects ?? []).length === 0 ? [] : binding.scopes.filter((scope) => !isObjectScope(scope));
  if (whole.length > 0) found.push(`${whole.join(", ")} cannot be narrowed to objects: bind them apart`);
  return found.map((problem) => `binding of ${subject} at ${binding.issuer}: ${problem}`);
}

/** One principal acts on the tenant registry or inside tenants, not both. */
function overlapProblems(bindings: readonly Binding[]): readonly string[] {
  const inTenants = bindings.filter((binding) => !binding.platform);
  return bindings
    .filter((binding) => binding.platform)
    .flatMap((platform) =>
      inTenants
        .filter((other) => other.issuer === platform.issuer && mayMeet(other.subject, platform.subject))
        .map((other) => `bindings of ${platform.subject} and ${other.subject} at ${other.issuer}: ${BOTH}`),
    );
}

/** Whether one principal may be bound by both. A service account has two names: `…:<name>` and `…:<name>:<uid>`. */
function mayMeet(left: string, right: string): boolean {
  return patternsOverlap(left, right) || isPinned(left, right) || isPinned(right, left);
}

function isPinned(pinned: string, named: string): boolean {
  return named.startsWith(SUBJECT_PREFIX) && pinned.startsWith(`${named}:`);
}

const BOTH = "one subject cannot act on the platform and inside tenants; use two";
