import type { AuditDraft } from "../../../src/model/audit.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import type { TrustStore } from "../../../src/model/trust-store.ts";
import { ORIGIN } from "../drafts.ts";

const DRAFT: AuditDraft = { event: "binding.put", origin: ORIGIN, details: {} };

/** Everything a store of credentials can be asked. */
export async function runTrust({ log, bindings, revocations }: TrustStore, tenant: Tenant): Promise<void> {
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
}
