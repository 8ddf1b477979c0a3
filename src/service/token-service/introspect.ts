import { requireHeld } from "../../auth/admission.ts";
import { parseOwnSecret } from "../../auth/own-secret.ts";
import { OWN_CLAIMS } from "../../auth/own-token.ts";
import { RelataError } from "../../errors.ts";
import type { Principal } from "../../model/principal.ts";
import { authenticateClient, type ProvedClient } from "./authenticate-client.ts";
import type { ClaimedClient, OAuthCall, Parameters, TokenServiceDeps } from "./deps.ts";
import { invalidClient, OAuthError } from "./oauth-error.ts";
import { readOwnAccessToken } from "./own-access-token.ts";

export interface IntrospectRequest {
  readonly form: Parameters;
  readonly client: ClaimedClient | undefined;
  /** A bearer credential of the API in place of a client's. */
  readonly authorization: string | undefined;
}

/** RFC 7662 §2.2. */
export type IntrospectAnswer =
  | { readonly active: false }
  | { readonly active: true; readonly [claim: string]: unknown };

export type Introspect = (call: OAuthCall, request: IntrospectRequest) => Promise<IntrospectAnswer>;

type Viewer =
  | { readonly kind: "client"; readonly proved: ProvedClient }
  | { readonly kind: "principal"; readonly principal: Principal };

/** Nothing says whether it never was, was revoked, has ended, or is somebody else's (RFC 7662 §4). */
const INACTIVE: IntrospectAnswer = { active: false };

/** What RFC 7662 §2.2 and RFC 8693 §4 name, and relata's own; nothing of who the subject was elsewhere. */
const SHOWN = [
  "iss",
  "sub",
  "aud",
  "exp",
  "iat",
  "jti",
  "client_id",
  "scope",
  "act",
  OWN_CLAIMS.tenant,
  OWN_CLAIMS.objects,
] as const;

export function createIntrospect(deps: TokenServiceDeps): Introspect {
  return async (call, request) => {
    const viewer = await requireViewer(deps, call, request);
    const token = request.form.get("token");
    if (token === undefined) throw new OAuthError("invalid_request", "token is missing");
    if (token.startsWith("rlr_")) return introspectRefreshToken(deps, call, viewer, token);
    return introspectAccessToken(deps, viewer, token);
  };
}

async function requireViewer(
  deps: TokenServiceDeps,
  call: OAuthCall,
  { client, authorization }: IntrospectRequest,
): Promise<Viewer> {
  if (client !== undefined) return { kind: "client", proved: await authenticateClient(deps, call, client) };
  if (authorization === undefined) throw invalidClient("no client authenticates");
  try {
    return { kind: "principal", principal: await deps.authenticator.authenticate(authorization, call.peer) };
  } catch (error) {
    if (!(error instanceof RelataError) || error.kind !== "unauthenticated") throw error;
    throw new OAuthError("invalid_token", "the bearer credential is not accepted", { detail: error.detail ?? "" });
  }
}

async function introspectAccessToken(deps: TokenServiceDeps, viewer: Viewer, token: string): Promise<IntrospectAnswer> {
  const own = await readOwnAccessToken(deps, token);
  if (own === undefined || !(await maySee(deps, viewer, own.tenantSlug))) return INACTIVE;
  const shown = SHOWN.filter((name) => own.claims.has(name)).map((name) => [name, own.claims.get(name)] as const);
  return { ...Object.fromEntries(shown), active: true, token_type: "Bearer" };
}

/** Of the tenants it may read the credentials of; a tenant that is not active has no active tokens. */
async function maySee({ tenants }: TokenServiceDeps, viewer: Viewer, slug: string): Promise<boolean> {
  if (viewer.kind === "client") return viewer.proved.tenant.slug === slug;
  const { principal } = viewer;
  const { grant } = principal;
  if (grant.kind === "tenants" && !grant.slugs.includes(slug)) return false;
  requireHeld(principal, "credentials:read", "introspection", grant.kind === "tenants" ? slug : undefined);
  return (await tenants.bySlug(slug))?.state === "active";
}

/** For the client it was issued to alone. */
async function introspectRefreshToken(
  { store, settings }: TokenServiceDeps,
  { nowMs }: OAuthCall,
  viewer: Viewer,
  token: string,
): Promise<IntrospectAnswer> {
  const shown = parseOwnSecret("rlr", token);
  if (shown === undefined || viewer.kind !== "client") return INACTIVE;
  const { client, tenant } = viewer.proved;
  const found = await store.findRefreshToken(tenant.id, { familyId: shown.id, sha256: shown.sha256 });
  if (found.kind !== "current") return INACTIVE;
  const { family } = found;
  if (family.clientId !== client.clientId || family.expiresAtMs <= nowMs) return INACTIVE;
  return {
    active: true,
    token_type: "refresh_token",
    iss: settings.issuer,
    sub: family.subject,
    client_id: family.clientId,
    scope: family.scopes.join(" "),
    tenant: tenant.slug,
    exp: Math.floor(family.expiresAtMs / 1_000),
    iat: Math.floor(family.createdAtMs / 1_000),
  };
}
