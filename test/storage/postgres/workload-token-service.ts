import { createHash, randomBytes } from "node:crypto";
import type { AuditDraft } from "../../../src/model/audit.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import type { NewFamily, OAuthClient, OwnRevocation, TokenServiceStore } from "../../../src/model/token-service.ts";
import { NOW_MS, ORIGIN } from "../drafts.ts";

const DRAFT: AuditDraft = { event: "token.issued", origin: ORIGIN, details: {} };

/** Everything a store of the token service can be asked. */
export async function runTokenService(store: TokenServiceStore, { id }: Tenant): Promise<void> {
  const key = { kid: random(), sealed: "x", sealedBy: "k", createdAtMs: NOW_MS, createdBy: "test" };
  const stored = { ...key, activatesAtMs: NOW_MS, withdrawnAtMs: undefined };
  await store.addSigningKey(stored, { onlyFirst: false, withdrawOthers: true }, DRAFT);
  await store.signingKeys();
  const client = newClient(id);
  const { clientId } = client;
  await store.createClient(client, { keyId: random(), sha256: digest() }, { max: 10_000 }, DRAFT);
  await store.clientBySecret("none");
  await store.listClients(id, { afterClientId: "", limit: 10 });
  const rotation = { clientId, secret: { keyId: random(), sha256: digest() }, createdAtMs: NOW_MS, oldEndMs: NOW_MS };
  await store.rotateSecret(id, { ...rotation, require: () => undefined }, DRAFT);
  const { family, sha256 } = newFamily(clientId);
  await store.issue(id, { family, sha256 }, DRAFT);
  const shown = { familyId: family.familyId, sha256 };
  await store.findRefreshToken(id, shown);
  const change = { shown, nextSha256: digest(), nowMs: NOW_MS, revocation: revocation(), issued: DRAFT, reused: DRAFT };
  await store.rotateRefreshToken(id, change);
  await store.rotateRefreshToken(id, { ...change, nextSha256: digest() });
  await store.revokeFamily(id, family.familyId, revocation(), DRAFT);
  await store.revokeAccessToken(id, revocation(), DRAFT);
  await store.deleteClient(id, clientId, revocation(), DRAFT);
}

function revocation(): OwnRevocation {
  return { issuer: "https://own.example", tokenId: random(), obsoleteAtMs: Date.now() + 60_000 };
}

function newClient(tenantId: string): OAuthClient {
  const about = { name: "workload", grants: [], scopes: [], objects: [], secrets: [] };
  return { ...about, clientId: random(), tenantId, createdAtMs: NOW_MS, createdBy: "test" };
}

function newFamily(clientId: string): NewFamily {
  const subject = { subject: "ann", subjectIssuer: "https://idp.example", subjectTokenId: undefined };
  const family = {
    familyId: random(),
    clientId,
    ...subject,
    subjectIssuedAtMs: NOW_MS,
    scopes: [],
    objects: [],
    actor: {},
  };
  return { family: { ...family, createdAtMs: NOW_MS, expiresAtMs: NOW_MS + 60_000 }, sha256: digest() };
}

function random(): string {
  return randomBytes(9).toString("base64url");
}

function digest(): string {
  return createHash("sha256").update(randomBytes(32)).digest("hex");
}
