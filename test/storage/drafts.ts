import type { ChangeOrigin, Store, TupleOperation, WriteRequest } from "../../src/model/store.ts";
import type { Tenant } from "../../src/model/tenant.ts";
import { parseTuple } from "../../src/model/tuple-text.ts";

export const ORIGIN: ChangeOrigin = { actor: "https://issuer.test|tester", requestId: "req-1" };

/** The instant of every request that does not say another. */
export const NOW_MS = Date.UTC(2026, 0, 1);

let tenants = 0;

/** A tenant no other test has. */
export function createTenant(store: Store): Promise<Tenant> {
  tenants += 1;
  return store.tenants.create({ slug: `tenant-${process.pid}-${tenants}` }, ORIGIN);
}

/** `["create document:a#viewer@user:anne", …]` as a request against a tenant without a schema. */
export function draft(updates: readonly string[], rest: Partial<WriteRequest> = {}): WriteRequest {
  return {
    updates: updates.map((line) => {
      const [operation, text = ""] = line.split(" ");
      return { operation: operation as TupleOperation, tuple: parseTuple(text) };
    }),
    preconditions: [],
    schemaVersion: 0,
    nowMs: NOW_MS,
    origin: ORIGIN,
    ...rest,
  };
}
