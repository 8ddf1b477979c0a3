import { randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import type { ObjectLimit } from "../model/access.ts";
import type { RevocableClaims } from "../model/trust-view.ts";
import type { JsonObject } from "../model/tuple.ts";
import type { UnsealedKey } from "./own-key-seal.ts";
import { refuse } from "./refusal.ts";
import type { JsonMembers } from "./strict-json.ts";

/** Of relata's own tokens beyond RFC 9068. */
export const OWN_CLAIMS = {
  tenant: "tenant",
  objects: "objects",
  /** The refresh family it was made from or came with. */
  family: "sid",
  /** Who issued the subject token it was exchanged for, and which one that was. */
  subjectIssuer: "orig_iss",
  subjectTokenId: "orig_jti",
  subjectIssuedAt: "orig_iat",
} as const;

/** 128 random bits. */
export function newTokenId(): string {
  return randomBytes(16).toString("base64url");
}

/** An access token by RFC 9068, signed with ES256. */
export function signOwnToken(claims: JsonObject, key: UnsealedKey): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: key.kid }).sign(key.privateKey);
}

/** By these a revocation of own tokens names many: all of a refresh family, or all that a client got. No `jti` has a colon. */
export function familyGroup(familyId: string): string {
  return `family:${familyId}`;
}

export function clientGroup(clientId: string): string {
  return `client:${clientId}`;
}

/** What narrows an own token's scopes: the claim `objects`, as it was minted. */
export function ownLimits(claims: JsonMembers): readonly ObjectLimit[] {
  const value = claims.get(OWN_CLAIMS.objects);
  if (value === undefined) return [];
  // An empty list, or anything that was not minted here, must not turn into "everything".
  if (!Array.isArray(value) || value.length === 0 || !value.every(isObjectLimit)) {
    refuse("claim_invalid", OWN_CLAIMS.objects);
  }
  return value;
}

function isObjectLimit(value: unknown): value is ObjectLimit {
  if (typeof value !== "object" || value === null || !("type" in value) || typeof value.type !== "string") return false;
  if (!("relations" in value)) return true;
  const { relations } = value;
  return (
    Array.isArray(relations) && relations.length > 0 && relations.every((relation) => typeof relation === "string")
  );
}

/**
 * Everything an own token may be revoked by, beyond its `jti` and subject: its family, its client, and the subject token it
 * was exchanged for. Called with claims whose signature holds.
 */
export function furtherRevocables(claims: JsonMembers, own: RevocableClaims): readonly RevocableClaims[] {
  const found: RevocableClaims[] = [];
  const family = claims.get(OWN_CLAIMS.family);
  if (typeof family === "string") found.push({ ...own, tokenId: familyGroup(family) });
  const client = claims.get("client_id");
  if (typeof client === "string") found.push({ ...own, tokenId: clientGroup(client) });
  const issuer = claims.get(OWN_CLAIMS.subjectIssuer);
  const tokenId = claims.get(OWN_CLAIMS.subjectTokenId);
  const issuedAt = claims.get(OWN_CLAIMS.subjectIssuedAt);
  if (typeof issuer === "string" && typeof issuedAt === "number") {
    found.push({
      issuer,
      subject: own.subject,
      tokenId: typeof tokenId === "string" ? tokenId : undefined,
      issuedAtMs: issuedAt * 1000,
    });
  }
  return found;
}
