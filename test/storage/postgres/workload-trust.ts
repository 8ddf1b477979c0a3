import { randomBytes } from "node:crypto";
import type { NewApiToken } from "../../../src/model/api-token.ts";
import type { AuditDraft } from "../../../src/model/audit.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import type { TrustStore } from "../../../src/model/trust-store.ts";
import { ORIGIN } from "../drafts.ts";

const DRAFT: AuditDraft = { event: "binding.put", origin: ORIGIN, details: {} };

/** Everything a store of credentials can be asked. */
export async function runTrust(store: TrustStore, tenant: Tenant): Promise<void> {
  const { log, bindings, revocations } = store;
  const { signal } = new AbortController();
  const key = { issuer: "https://issuer.example", subject: "repo:*", name: "" };
  const binding = { key, tenants: [tenant.slug], platform: false, scopes: ["check"], objects: [] } as const;
  await bindings.put(binding, () => {}, DRAFT);
  await bindings.list({ limit: 10 });
  await bindings.list({ limit: 10, issuer: key.issuer });
  const what = { kind: "token", tokenId: "j" } as const;
  const revoked = await revocations.revoke({ issuer: key.issuer, what, reason: "", obsoleteAtMs: Date.now() }, DRAFT);
  await revocations.list({ nowMs: 0, limit: 10 });
  await log.since(await log.end(signal), 10, signal);
  await log.bindings(undefined, 10, signal);
  await log.bindingsByKey([key], signal);
  await log.revocations({ nowMs: 0, limit: 10 }, signal);
  await log.revocationsById([revoked.id], signal);
  await bindings.delete(key, DRAFT);
  await runApiTokens(store, tenant);
}

async function runApiTokens({ apiTokens, apiTokenLookup }: TrustStore, { id }: Tenant): Promise<void> {
  const nowMs = Date.now();
  const { maxActive, ...policy } = await apiTokens.policy(id);
  await apiTokens.setPolicy(id, { ...policy, maxActive: maxActive + 1 }, DRAFT);
  const { keyId } = await apiTokens.create(id, nowMs, () => ({ token: newToken(id, nowMs), draft: DRAFT }));
  const rotation = { token: newToken(id, nowMs + 1), previousExpiresAtMs: nowMs + 1, draft: DRAFT };
  await apiTokens.rotate(id, keyId, nowMs, () => rotation);
  await apiTokens.list(id, { nowMs, includeInactive: true, limit: 10 });
  await apiTokens.list(id, { nowMs, includeInactive: false, limit: 10 });
  await apiTokenLookup.find(keyId);
  await apiTokenLookup.recordUses([{ keyId, tenantId: id, atMs: nowMs, address: "192.0.2.1" }]);
  await apiTokens.revoke(id, keyId, nowMs, DRAFT);
}

function newToken(tenantId: string, createdAtMs: number): NewApiToken {
  const keyId = randomBytes(6).toString("hex");
  const base = { keyId, tenantId, name: "workload", scopes: [], objects: [], allowedCidrs: [], createdBy: "test" };
  return { ...base, createdAtMs, expiresAtMs: createdAtMs + 60_000, digest: randomBytes(32) };
}
