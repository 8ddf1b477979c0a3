import { expect, test } from "vitest";
import type { Tenant } from "../../src/model/tenant.ts";
import { createTenantCache } from "../../src/rpc/tenant-cache.ts";

const ACTIVE: Tenant = { id: "1", slug: "acme", bucket: 0, schemaName: "acme", state: "active", createdAtMs: 0 };
const SUSPENDED: Tenant = { ...ACTIVE, state: "suspended" };

/** A registry whose reads end when they are told to, and news that is told by hand. */
function createRegistry() {
  const reads: ((tenant: Tenant | undefined) => void)[] = [];
  let tell: (tenantId: string | undefined) => void = () => undefined;
  const find = createTenantCache({ bySlug: () => new Promise((resolve) => reads.push(resolve)) }, (heard) => {
    tell = heard;
  });
  return { reads, find, tell: (tenantId?: string) => tell(tenantId) };
}

test("a tenant is read once, and known from then on at once", async () => {
  const { reads, find } = createRegistry();
  const both = Promise.all([find("acme"), find("acme")]);
  reads[0]?.(ACTIVE);
  expect(await both).toEqual([ACTIVE, ACTIVE]);
  expect([find("acme"), reads.length]).toEqual([ACTIVE, 1]);
});

test("nobody is let in on what news overtook, though it waits for it already", async () => {
  const { reads, find, tell } = createRegistry();
  const waiting = find("acme");
  tell("1");
  reads[0]?.(ACTIVE);
  await Promise.resolve();
  await expect.poll(() => reads.length).toBe(2);
  reads[1]?.(SUSPENDED);
  expect(await waiting).toEqual(SUSPENDED);
  expect([find("acme"), reads.length]).toEqual([SUSPENDED, 2]);
});

test("nor on a read that the cache has forgotten for others by the time the news comes", async () => {
  const { reads, find, tell } = createRegistry();
  const waiting = find("acme");
  for (let others = 0; others < 10_000; others += 1) void find(`other${others}`);
  tell("1");
  const known = reads.length;
  reads[0]?.(ACTIVE);
  await expect.poll(() => reads.length).toBe(known + 1);
  reads[known]?.(SUSPENDED);
  expect(await waiting).toEqual(SUSPENDED);
});

test("news of another tenant costs nothing, and news of any forgets all", async () => {
  const { reads, find, tell } = createRegistry();
  const first = find("acme");
  reads[0]?.(ACTIVE);
  await first;
  tell("2");
  expect(find("acme")).toEqual(ACTIVE);
  tell();
  const again = find("acme");
  reads[1]?.(SUSPENDED);
  expect(await again).toEqual(SUSPENDED);
});

test("what changes all the time is nobody's to use", async () => {
  const { reads, find, tell } = createRegistry();
  const waiting = find("acme");
  const refused = expect(waiting).rejects.toMatchObject({ reason: "CREDENTIALS_UNCONFIRMED" });
  for (let at = 0; at < 4; at += 1) {
    await expect.poll(() => reads.length).toBe(at + 1);
    tell("1");
    reads[at]?.(ACTIVE);
  }
  await refused;
});
