import { randomBytes } from "node:crypto";
import { RelataError } from "../../errors.ts";
import { accessOf } from "../../model/access.ts";
import type { Decision, Outcome } from "../../model/decision.ts";
import { isObjectId, type ObjectRef, type SubjectRef } from "../../model/object.ts";
import type { Principal } from "../../model/principal.ts";
import type { Tenant } from "../../model/tenant.ts";
import type { MembershipRule } from "../../model/token-service.ts";
import type { OAuthCall, TokenServiceDeps } from "./deps.ts";
import { invalidTarget } from "./oauth-error.ts";

/** Whose membership is asked about. */
export interface Person {
  readonly issuer: string;
  readonly subject: string;
}

/**
 * A member of the tenant by the tenant's own tuples, as of now: asked through the service's own BatchCheck, at full
 * consistency. ALLOWED alone is yes, and only of somebody whom the tuples tell from a stranger: at the same revision the same
 * is asked of a subject that nobody has heard of, so that `organization:acme#member@user:*` does not make members of all whom
 * an issuer knows. Asked by decisions and not by looking for wildcards, it holds through groups, exclusions and caveats.
 * @throws OAuthError invalid_target; RelataError where the question could not be answered, which is no "no"
 */
export async function requireMember(
  { batchCheck, settings, deadlineMs }: TokenServiceDeps,
  call: OAuthCall,
  tenant: Tenant,
  rule: MembershipRule,
  person: Person,
): Promise<void> {
  const asked = {
    ...call,
    tenant,
    principal: ownPrincipal(settings.issuer, tenant, call.nowMs),
    access: accessOf(["check"]),
    address: call.peer.address,
    deadlineMs: call.nowMs + deadlineMs,
  };
  const stranger = { ...person, subject: randomBytes(16).toString("hex") };
  const items = (rule.wildcards ? [person] : [person, stranger]).map((who) =>
    membershipQuestion(rule, tenant.slug, who),
  );
  const consistency = { kind: "fully_consistent" } as const;
  const { results } = await batchCheck(asked, { items, consistency }).catch((error: unknown) => {
    throw cannotBeOr(error);
  });
  const [isMember, isOpen] = results.map(decidedOr);
  if (isMember !== "allowed") throw invalidTarget(`membership in ${tenant.slug} is ${isMember}`);
  if (isOpen === "allowed") {
    throw invalidTarget(`anybody is a member of ${tenant.slug}, by a wildcard: see exchange.membership.wildcards`);
  }
}

/** @throws what kept the item from being decided */
function decidedOr(result: Outcome | RelataError): Decision["kind"] {
  if (result instanceof RelataError) throw cannotBeOr(result);
  return result.decision.kind;
}

/** Where the tenant's schema does not know these names, nobody can be a member. */
function cannotBeOr(error: unknown): unknown {
  return error instanceof RelataError && CANNOT_BE[error.reason] === true ? invalidTarget(error.message) : error;
}

const CANNOT_BE: Readonly<Record<string, true>> = {
  UNKNOWN_DEFINITION: true,
  UNKNOWN_RELATION_OR_PERMISSION: true,
  INVALID_SUBJECT_TYPE: true,
  SCHEMA_NOT_FOUND: true,
};

/** @throws OAuthError invalid_target when an id cannot hold what it is to name: nothing is escaped or cut to fit */
export function membershipQuestion(
  rule: MembershipRule,
  slug: string,
  { issuer, subject }: Person,
): { readonly object: ObjectRef; readonly permission: string; readonly subject: SubjectRef } {
  const object = named(rule.object, { "{tenant}": slug });
  const who = named(rule.subject, { "{sub}": subject, "{iss}": issuer });
  return { object, permission: rule.permission, subject: { ...who, relation: "" } };
}

/** `type:id`: only the id has placeholders, so what is put in cannot become a type, a relation or a wildcard. */
function named(template: string, values: Readonly<Record<string, string>>): ObjectRef {
  const colon = template.indexOf(":");
  const id = template.slice(colon + 1).replace(/\{[a-z]+\}/g, (name) => values[name] ?? name);
  if (!isObjectId(id)) throw invalidTarget("the subject or its issuer has characters that no object id can hold");
  return { type: template.slice(0, colon), id };
}

/** The token service asks for itself: no credential of anybody's is behind it. */
function ownPrincipal(issuer: string, tenant: Tenant, nowMs: number): Principal {
  return {
    issuer,
    subject: "token-service",
    actor: `${issuer}|token-service`,
    credential: "own",
    access: accessOf(["check"]),
    grant: { kind: "tenants", slugs: [tenant.slug] },
    issuedAtMs: nowMs,
    expiresAtMs: nowMs,
  };
}
