import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { RelataError } from "../../errors.ts";
import { isTenantSlug, sharedBucket, type Tenant } from "../../model/tenant.ts";
import type { MembershipRule } from "../../model/token-service.ts";
import type { ProvedClient } from "./authenticate-client.ts";
import type { OAuthCall, Parameters, TokenServiceDeps } from "./deps.ts";
import { membershipQuestion, type Person, requireMember } from "./membership.ts";
import { invalidTarget, OAuthError } from "./oauth-error.ts";

interface ExchangeRequest {
  readonly proved: ProvedClient | undefined;
  readonly form: Parameters;
  readonly subject: Person;
}

/**
 * The tenant that a token is asked for, and that the subject is a member of. A client acts in its own tenant; a subject without
 * one names the tenant, and learns nothing of those it is not in.
 * @throws OAuthError invalid_target or invalid_request, and what `requireMember` throws
 */
export async function tenantOfMember(
  deps: TokenServiceDeps,
  call: OAuthCall,
  rule: MembershipRule,
  { proved, form, subject }: ExchangeRequest,
): Promise<Tenant> {
  const slug = namedTenant(deps, form);
  if (proved === undefined) {
    if (slug !== undefined) return memberWithoutClient(deps, call, rule, { slug, subject });
    throw new OAuthError("invalid_request", "resource is missing: it names the tenant, <issuer>/tenants/<slug>");
  }
  const { tenant } = proved;
  if (slug !== undefined && slug !== tenant.slug) {
    throw invalidTarget("resource names another tenant than the client's");
  }
  await requireMember(deps, call, tenant, rule, subject);
  return tenant;
}

/** What `resource` names; undefined where it is left out. */
function namedTenant({ settings }: TokenServiceDeps, form: Parameters): string | undefined {
  const audience = form.get("audience");
  if (audience !== undefined && audience !== settings.audience) throw invalidTarget("audience is not this service's");
  const resource = form.get("resource");
  if (resource === undefined) return undefined;
  const prefix = `${settings.issuer}/tenants/`;
  const slug = resource.startsWith(prefix) ? resource.slice(prefix.length) : "";
  if (!isTenantSlug(slug)) throw invalidTarget("resource is not <issuer>/tenants/<slug>");
  return slug;
}

/**
 * Refusals leave at whole multiples of this after they began: how long a membership takes to find out depends on the tenant's
 * schema and on what of it is in memory, which is milliseconds, and is nobody's business.
 */
const REFUSAL_STEP_MS = 100;

interface NamedTenant {
  readonly slug: string;
  readonly subject: Person;
}

/** Whether there is no such tenant or no such member, what is looked up is the same, and so is when the answer leaves. */
async function memberWithoutClient(
  deps: TokenServiceDeps,
  call: OAuthCall,
  rule: MembershipRule,
  { slug, subject }: NamedTenant,
): Promise<Tenant> {
  const startedMs = performance.now();
  try {
    const tenant = await deps.tenants.bySlug(slug);
    if (tenant?.state === "active") {
      await requireMember(deps, call, tenant, rule, subject);
      return tenant;
    }
    membershipQuestion(rule, slug, subject);
    await lookAtNobody(deps);
    throw invalidTarget("the tenant does not exist or is suspended");
  } catch (error) {
    if (error instanceof OAuthError) {
      const tookMs = performance.now() - startedMs;
      await wait(Math.ceil(tookMs / REFUSAL_STEP_MS) * REFUSAL_STEP_MS - tookMs);
    }
    throw error;
  }
}

/** What a question about a tenant in memory asks of the database: how far its data has come. */
async function lookAtNobody({ heads }: TokenServiceDeps): Promise<void> {
  const id = randomUUID();
  try {
    await heads.head({ id, bucket: sharedBucket(id) });
  } catch (error) {
    if (!(error instanceof RelataError) || error.reason !== "TENANT_NOT_FOUND") throw error;
  }
}
