import { afterAll, beforeAll, expect, it } from "vitest";
import type { ServingStore } from "../../../src/model/serving-store.ts";
import type { Tenant } from "../../../src/model/tenant.ts";
import { createTenant, draft, ORIGIN } from "../drafts.ts";
import { openStore } from "./open.ts";

const TUPLES = 200_000;
const AT_ONCE = { settleMs: 0 };

let store: ServingStore;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ store, close } = await openStore());
});
afterAll(() => close());

async function largeTenant(): Promise<Tenant> {
  const tenant = await createTenant(store);
  for (let from = 0; from < TUPLES; from += 1_000) {
    const numbers = Array.from({ length: 1_000 }, (_, at) => from + at);
    await store.tuples.write(tenant, draft(numbers.map((at) => `create document:${at}#viewer@user:${at % 1_000}`)));
  }
  return tenant;
}

/** How long another tenant's writes and reads take while `work` goes on: the longest of each, milliseconds. */
async function besides(work: () => Promise<unknown>): Promise<{ tookMs: number; writeMs: number; readMs: number }> {
  const neighbour = await createTenant(store);
  const longest = { write: 0, read: 0 };
  let isOver = false;
  const measure = async (kind: keyof typeof longest, call: () => Promise<unknown>) => {
    while (!isOver) {
      const beganAtMs = performance.now();
      await call();
      longest[kind] = Math.max(longest[kind], performance.now() - beganAtMs);
    }
  };
  const beganAtMs = performance.now();
  const asking = [
    measure("write", () => store.tuples.write(neighbour, draft(["touch document:1#viewer@user:anne"]))),
    measure("read", () => store.tuples.page(neighbour, { revision: 0, nowMs: undefined, filter: {}, limit: 10 })),
  ];
  await work();
  const tookMs = performance.now() - beganAtMs;
  isOver = true;
  await Promise.all(asking);
  return { tookMs: Math.round(tookMs), writeMs: Math.round(longest.write), readMs: Math.round(longest.read) };
}

it("removes 200,000 tuples in steps, or by dropping their partition, and keeps no other tenant waiting", async () => {
  for (const placement of ["shared", "own"] as const) {
    const tenant = await largeTenant();
    if (placement === "own") {
      await store.life.beginMove(tenant.id, "own", ORIGIN);
      const moved = await besides(() => store.life.run(tenant.id, AT_ONCE));
      console.log(`moving ${TUPLES} tuples without load of their own: ${JSON.stringify(moved)}`);
    }
    await store.life.beginOffboard(tenant.id, ORIGIN);
    const removed = await besides(() => store.life.run(tenant.id, AT_ONCE));
    console.log(`removing ${TUPLES} tuples, ${placement}: ${JSON.stringify(removed)}`);
    expect(await store.life.job(tenant.id)).toMatchObject({ stage: "done" });
    expect(Math.max(removed.writeMs, removed.readMs)).toBeLessThan(3_000);
  }
}, 600_000);
