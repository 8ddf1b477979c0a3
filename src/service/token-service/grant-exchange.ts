import { newOwnSecret, newPublicId } from "../../auth/own-secret.ts";
import { OWN_CLAIMS } from "../../auth/own-token.ts";
import type { ProvedSubject } from "../../auth/subject-prover.ts";
import { RelataError } from "../../errors.ts";
import type { ExchangeSettings, NewFamily } from "../../model/token-service.ts";
import type { JsonObject } from "../../model/tuple.ts";
import { actorClaim } from "./actor.ts";
import type { ProvedClient } from "./authenticate-client.ts";
import type { OAuthCall, Parameters, TokenAnswer, TokenServiceDeps } from "./deps.ts";
import { tenantOfMember } from "./exchange-tenant.ts";
import { mint } from "./issue.ts";
import { commonRights, type Rights, requestedScopes, requireSome } from "./narrow.ts";
import { invalidClient, OAuthError } from "./oauth-error.ts";
import { clientOrigin, originOf, tokenIssued } from "./record.ts";

export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";
const JWT = "urn:ietf:params:oauth:token-type:jwt";

/** `client_id` (RFC 9068 demands one) where no client showed the subject token. No client has it: ids have no such length. */
const NO_CLIENT = "none";
/** `sub` of a client's own tokens begins so; nobody else's may. */
const CLIENT_PREFIX = "client:";

/**
 * RFC 8693: a person's token for one of relata's, in a tenant whose tuples make that person a member.
 *
 * The tenant is a `resource` (§2.1), `<issuer>/tenants/<slug>`: an address that the token is to be used at, which is what
 * the parameter is for. Client libraries send it as it is, and `invalid_target` is the answer the RFC has for it; a parameter
 * of our own would have neither.
 */
export async function grantExchange(
  deps: TokenServiceDeps,
  call: OAuthCall,
  proved: ProvedClient | undefined,
  form: Parameters,
): Promise<TokenAnswer> {
  const exchange = requireExchange(deps.settings.exchange, proved);
  const { subject, actor } = await proveTokens(deps, form);
  // A client's rate was asked of it when it was proved; whoever comes without one has a subject's.
  if (proved === undefined) deps.admitCaller(`${subject.issuer}|${subject.subject}`);
  const tenant = await tenantOfMember(deps, call, exchange.membership, { proved, form, subject });
  const rights = exchangeRights(exchange, proved, form);
  const act = actorClaim(deps.settings.issuer, subject, actor, proved);
  const kept = proved?.client.grants.includes("refresh_token") === true;
  const family = kept ? newFamily(deps, call, { subject, rights, act, clientId: proved.client.clientId }) : undefined;
  const minted = await mint(deps, call, {
    subject: subject.subject,
    clientId: proved?.client.clientId ?? NO_CLIENT,
    tenantSlug: tenant.slug,
    rights,
    notAfterMs: Math.min(subject.expiresAtMs, actor?.expiresAtMs ?? subject.expiresAtMs),
    more: exchangedClaims(subject, act, family?.kept.family.familyId),
  });
  const draft = tokenIssued(
    issuedTo(deps, call, proved, subject),
    "token_exchange",
    minted,
    { client_id: proved?.client.clientId ?? NO_CLIENT, ...(family && { family: family.kept.family.familyId }) },
    { subject: subject.subject, subject_issuer: subject.issuer, ...(act && { act }) },
  );
  await deps.store.issue(tenant.id, family?.kept, draft);
  return { ...minted.answer, issued_token_type: ACCESS_TOKEN, ...(family && { refresh_token: family.text }) };
}

function requireExchange(exchange: ExchangeSettings | undefined, proved: ProvedClient | undefined): ExchangeSettings {
  if (exchange === undefined) throw new OAuthError("unsupported_grant_type", "tokens are not exchanged here");
  if (proved === undefined && exchange.clients === "required") throw invalidClient("no client authenticates");
  if (proved !== undefined && !proved.client.grants.includes(TOKEN_EXCHANGE)) {
    throw new OAuthError("unauthorized_client", "this client may not exchange tokens");
  }
  return exchange;
}

async function proveTokens(
  deps: TokenServiceDeps,
  form: Parameters,
): Promise<{ readonly subject: ProvedSubject; readonly actor: ProvedSubject | undefined }> {
  const wanted = form.get("requested_token_type");
  if (wanted !== undefined && wanted !== ACCESS_TOKEN && wanted !== JWT) {
    throw new OAuthError("invalid_request", `requested_token_type can be ${ACCESS_TOKEN} only`);
  }
  const subject = await proveToken(deps, form, "subject_token");
  if (subject === undefined) throw new OAuthError("invalid_request", "subject_token is missing");
  if (subject.subject.startsWith(CLIENT_PREFIX)) {
    throw new OAuthError("invalid_request", "the subject's name begins as those of clients do", {
      detail: "sub client:…",
    });
  }
  return { subject, actor: await proveToken(deps, form, "actor_token") };
}

/** RFC 8693 §2.2.2: whatever is wrong with one of the tokens is invalid_request. */
async function proveToken(
  { subjects }: TokenServiceDeps,
  form: Parameters,
  name: "subject_token" | "actor_token",
): Promise<ProvedSubject | undefined> {
  const [token, type] = [form.get(name), form.get(`${name}_type`)];
  if (token === undefined && type === undefined) return undefined;
  if (token === undefined || type === undefined) {
    throw new OAuthError("invalid_request", `${name} and ${name}_type go together`);
  }
  const proved = await subjects.prove(token).catch((error: unknown) => {
    if (!(error instanceof RelataError) || error.kind !== "unauthenticated") throw error;
    throw new OAuthError("invalid_request", `the ${name} is not accepted`, {
      detail: `${name}: ${error.detail}`,
      tried: true,
    });
  });
  if (!KINDS[proved.profile].includes(type)) {
    throw new OAuthError("invalid_request", `${name}_type does not fit the tokens of this issuer`);
  }
  return proved;
}

/** What the tokens of a profile may be called. An ID token never passes for an access token where the issuer types them. */
const KINDS: Readonly<Record<ProvedSubject["profile"], readonly string[]>> = {
  oauth: [ACCESS_TOKEN, JWT],
  oidc: [ID_TOKEN, JWT, ACCESS_TOKEN],
};

function exchangeRights(exchange: ExchangeSettings, proved: ProvedClient | undefined, form: Parameters): Rights {
  const requested = requestedScopes(form.get("scope"));
  const asked = requested === undefined ? [] : [{ scopes: requested, objects: [] }];
  return requireSome(commonRights(exchange, ...(proved === undefined ? [] : [proved.client]), ...asked));
}

function exchangedClaims(
  subject: ProvedSubject,
  act: JsonObject | undefined,
  familyId: string | undefined,
): JsonObject {
  return {
    [OWN_CLAIMS.subjectIssuer]: subject.issuer,
    [OWN_CLAIMS.subjectIssuedAt]: Math.floor(subject.issuedAtMs / 1_000),
    ...(subject.tokenId !== undefined && { [OWN_CLAIMS.subjectTokenId]: subject.tokenId }),
    ...(act !== undefined && { act }),
    ...(familyId !== undefined && { [OWN_CLAIMS.family]: familyId }),
  };
}

interface FamilyParts {
  readonly subject: ProvedSubject;
  readonly rights: Rights;
  readonly act: JsonObject | undefined;
  readonly clientId: string;
}

function newFamily(
  { settings, env }: TokenServiceDeps,
  { nowMs }: OAuthCall,
  { subject, rights, act = {}, clientId }: FamilyParts,
): { readonly kept: NewFamily; readonly text: string } {
  const secret = newOwnSecret("rlr", env, newPublicId());
  const family = {
    familyId: secret.id,
    clientId,
    subject: subject.subject,
    subjectIssuer: subject.issuer,
    subjectTokenId: subject.tokenId,
    subjectIssuedAtMs: subject.issuedAtMs,
    ...rights,
    actor: act,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + settings.refreshTokenLifetimeMs,
  };
  return { kept: { family, sha256: secret.sha256 }, text: secret.text };
}

function issuedTo(deps: TokenServiceDeps, call: OAuthCall, proved: ProvedClient | undefined, subject: ProvedSubject) {
  if (proved !== undefined) return clientOrigin(deps.settings.issuer, call, proved);
  const credential = subject.tokenId === undefined ? "jwt" : `jwt:${subject.tokenId}`;
  return originOf(call, `${subject.issuer}|${subject.subject}`, credential);
}
