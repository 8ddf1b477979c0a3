import { MAX_ACCESS_TOKEN_MS } from "../../auth/own-keys.ts";
import { newOwnSecret, parseOwnSecret } from "../../auth/own-secret.ts";
import { familyGroup, OWN_CLAIMS } from "../../auth/own-token.ts";
import type { AuditDraft } from "../../model/audit.ts";
import type { OwnRevocation, RefreshDigest, RefreshFamily } from "../../model/token-service.ts";
import type { JsonObject } from "../../model/tuple.ts";
import type { ProvedClient } from "./authenticate-client.ts";
import type { OAuthCall, Parameters, TokenAnswer, TokenServiceDeps } from "./deps.ts";
import { mint } from "./issue.ts";
import { requireMember } from "./membership.ts";
import { commonRights, type Rights, requestedScopes, requireSome } from "./narrow.ts";
import { invalidGrant, OAuthError } from "./oauth-error.ts";
import { clientOrigin, tokenIssued } from "./record.ts";

export const REFRESH_TOKEN = "refresh_token";

/**
 * RFC 6749 §6 with rotation (RFC 9700 §4.14.2): each refresh token is good for one use, and the second use of one ends its
 * whole family, with the access tokens made from it. There is no grace for two that come at once: one of them may be a
 * thief, and the client that lost its answer can exchange its subject token again. That the subject is a member is asked
 * again each time.
 */
export async function grantRefresh(
  deps: TokenServiceDeps,
  call: OAuthCall,
  proved: ProvedClient,
  form: Parameters,
): Promise<TokenAnswer> {
  const { exchange } = deps.settings;
  if (exchange === undefined || !proved.client.grants.includes(REFRESH_TOKEN)) {
    throw new OAuthError("unauthorized_client", "this client may not use refresh tokens");
  }
  const shown = readShown(form);
  const family = await requireCurrent(deps, call, proved, shown);
  await requireMember(deps, call, proved.tenant, exchange.membership, {
    issuer: family.subjectIssuer,
    subject: family.subject,
  }).catch((error: unknown) => {
    throw error instanceof OAuthError ? invalidGrant(error.detail) : error;
  });
  const rights = refreshedRights(family, requestedScopes(form.get("scope")), [exchange, proved.client]);
  const minted = await mint(deps, call, {
    subject: family.subject,
    clientId: family.clientId,
    tenantSlug: proved.tenant.slug,
    rights,
    notAfterMs: family.expiresAtMs,
    more: refreshedClaims(family),
  });
  const next = newOwnSecret("rlr", deps.env, family.familyId);
  const origin = clientOrigin(deps.settings.issuer, call, proved);
  const about = { client_id: family.clientId, family: family.familyId };
  const outcome = await deps.store.rotateRefreshToken(proved.tenant.id, {
    shown,
    nextSha256: next.sha256,
    nowMs: call.nowMs,
    revocation: endOfFamily(deps, call, family),
    issued: tokenIssued(origin, REFRESH_TOKEN, minted, about),
    reused: reused(deps, call, proved, family.familyId, "two came with the same token at once"),
  });
  if (outcome !== "rotated") throw invalidGrant(`family ${family.familyId}: ${outcome}`);
  return { ...minted.answer, refresh_token: next.text };
}

function readShown(form: Parameters): RefreshDigest {
  const text = form.get("refresh_token");
  if (text === undefined) throw new OAuthError("invalid_request", "refresh_token is missing");
  const shown = parseOwnSecret("rlr", text);
  if (shown === undefined) throw invalidGrant("not a refresh token: its form or its checksum is wrong");
  return { familyId: shown.id, sha256: shown.sha256 };
}

/** @throws OAuthError invalid_grant; a genuine token that was used before, or is in other hands, ends its family first */
async function requireCurrent(
  deps: TokenServiceDeps,
  call: OAuthCall,
  proved: ProvedClient,
  shown: RefreshDigest,
): Promise<RefreshFamily> {
  const found = await deps.store.findRefreshToken(proved.tenant.id, shown);
  if (found.kind === "unknown") throw invalidGrant("no such refresh token in this tenant");
  const { kind, family } = found;
  const isForeign = family.clientId !== proved.client.clientId;
  if (kind === "used" || (isForeign && kind === "current")) {
    const why = isForeign ? "another client came with it" : "it was used before";
    await deps.store.revokeFamily(
      proved.tenant.id,
      family.familyId,
      endOfFamily(deps, call, family),
      reused(deps, call, proved, family.familyId, why),
    );
    throw invalidGrant(`family ${family.familyId}: ${why}`);
  }
  if (kind === "revoked") throw invalidGrant(`family ${family.familyId} is revoked`);
  if (family.expiresAtMs <= call.nowMs) throw invalidGrant(`family ${family.familyId} has ended`);
  deps.trust.requireFresh();
  requireStillTrusted(deps, family);
  return family;
}

/** What would keep its subject from a token now keeps it from another one: the issuer taken out, or either one's token revoked. */
function requireStillTrusted({ settings, trust }: TokenServiceDeps, family: RefreshFamily): void {
  const { familyId, subject, subjectIssuer: issuer, subjectTokenId: tokenId, subjectIssuedAtMs: issuedAtMs } = family;
  if (settings.exchange?.issuers.some((trusted) => trusted.issuer === issuer) !== true) {
    throw invalidGrant(`family ${familyId}: ${issuer} is no issuer of people any more`);
  }
  const own = { issuer: settings.issuer, subject, tokenId: familyGroup(familyId), issuedAtMs: family.createdAtMs };
  if (trust.isRevoked({ issuer, subject, tokenId, issuedAtMs }) || trust.isRevoked(own)) {
    throw invalidGrant(`family ${familyId}: revoked by its subject, or the token it came of was`);
  }
}

/** Within what was granted first and what may be granted now; fewer when fewer are asked for (RFC 6749 §6). */
function refreshedRights(
  family: RefreshFamily,
  requested: Rights["scopes"] | undefined,
  now: readonly Rights[],
): Rights {
  if (requested?.some((scope) => !family.scopes.includes(scope)) === true) {
    throw new OAuthError("invalid_scope", "a refresh cannot add scopes");
  }
  const asked = requested === undefined ? [] : [{ scopes: requested, objects: [] }];
  return requireSome(commonRights(family, ...now, ...asked));
}

function refreshedClaims(family: RefreshFamily): JsonObject {
  return {
    [OWN_CLAIMS.subjectIssuer]: family.subjectIssuer,
    [OWN_CLAIMS.subjectIssuedAt]: Math.floor(family.subjectIssuedAtMs / 1_000),
    ...(family.subjectTokenId !== undefined && { [OWN_CLAIMS.subjectTokenId]: family.subjectTokenId }),
    [OWN_CLAIMS.family]: family.familyId,
    ...(Object.keys(family.actor).length > 0 && { act: family.actor }),
  };
}

/** No access token of the family is longer-lived than this from now on, whatever happens next. */
export function endOfFamily(
  { settings }: Pick<TokenServiceDeps, "settings">,
  { nowMs }: Pick<OAuthCall, "nowMs">,
  { familyId }: Pick<RefreshFamily, "familyId">,
): OwnRevocation {
  return {
    issuer: settings.issuer,
    tokenId: familyGroup(familyId),
    obsoleteAtMs: nowMs + MAX_ACCESS_TOKEN_MS + CLOCKS_APART_MS,
  };
}

/** Processes that mint and verify need not agree about the time, and a mint may be under way. */
export const CLOCKS_APART_MS = 5 * 60_000;

function reused(
  { settings }: TokenServiceDeps,
  call: OAuthCall,
  proved: ProvedClient,
  familyId: string,
  why: string,
): AuditDraft {
  const details = { family: familyId, client_id: proved.client.clientId, why };
  return { event: "refresh_token.reused", origin: clientOrigin(settings.issuer, call, proved), details };
}
