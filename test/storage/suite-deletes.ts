import { describe, expect, it } from "vitest";
import type { DeleteRequest, Store } from "../../src/model/store.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "./drafts.ts";

export function describeDeletes(store: () => Store): void {
  const remove = (tenant: TenantPlace, rest: Partial<DeleteRequest>) =>
    store().tuples.deleteMatching(tenant, {
      filter: {},
      preconditions: [],
      limit: 1000,
      allowPartial: false,
      nowMs: NOW_MS,
      origin: ORIGIN,
      ...rest,
    });
  const seeded = async () => {
    const tenant = await createTenant(store());
    await store().tuples.write(
      tenant,
      draft(
        [1, 2, 3, 4, 5].map((i) => `create document:d${i}#viewer@user:anne`).concat("create folder:f#owner@user:bob"),
      ),
    );
    return tenant;
  };
  const left = async (tenant: TenantPlace, revision: number) =>
    (await store().tuples.page(tenant, { revision, nowMs: NOW_MS, filter: {}, limit: 100 })).map(
      ({ objectId }) => objectId,
    );

  describe("deleting by filter", () => {
    it("removes what matches in one revision and leaves the past", async () => {
      const tenant = await seeded();
      const result = await remove(tenant, { filter: { objectType: "document" } });
      expect(result).toMatchObject({ deleted: 5, complete: true, replayed: false, head: { revision: 2 } });
      expect(await left(tenant, 2)).toEqual(["f"]);
      expect((await left(tenant, 1)).length).toBe(6);
      expect(await remove(tenant, { filter: { objectType: "document" } })).toMatchObject({
        deleted: 0,
        complete: true,
        head: { revision: 3 },
      });
    });

    it("refuses when the schema is not the one the filter was validated against, unless it is a retry", async () => {
      const tenant = await seeded();
      const request = { filter: { objectType: "document" }, idempotency: { key: "k", requestHash: "h" } };
      await expect(remove(tenant, { ...request, schemaVersion: 1 })).rejects.toMatchObject({
        reason: "WRITE_CONFLICT",
      });
      expect((await store().revisions.head(tenant)).revision).toBe(1);
      const first = await remove(tenant, { ...request, schemaVersion: 0 });
      expect(first.deleted).toBe(5);
      expect(await remove(tenant, { ...request, schemaVersion: 1 })).toEqual({ ...first, replayed: true });
    });

    it("refuses more than the limit, or does a part when it may, in key order", async () => {
      const tenant = await seeded();
      await expect(remove(tenant, { filter: { relation: "viewer" }, limit: 4 })).rejects.toMatchObject({
        reason: "TOO_MANY_TUPLES_TO_DELETE",
        metadata: { limit: "4" },
      });
      expect((await store().revisions.head(tenant)).revision).toBe(1);
      expect(await remove(tenant, { filter: { relation: "viewer" }, limit: 4, allowPartial: true })).toMatchObject({
        deleted: 4,
        complete: false,
      });
      expect(await left(tenant, 2)).toEqual(["d5", "f"]);
      expect(await remove(tenant, { filter: { relation: "viewer" }, limit: 1 })).toMatchObject({
        deleted: 1,
        complete: true,
      });
    });

    it("holds to preconditions", async () => {
      const tenant = await seeded();
      const preconditions = [{ expect: "must_match" as const, filter: { objectType: "nothing" } }];
      await expect(remove(tenant, { preconditions })).rejects.toMatchObject({ reason: "PRECONDITION_FAILED" });
      expect((await left(tenant, 1)).length).toBe(6);
    });

    it("happens once per idempotency key, with the first answer for retries", async () => {
      const tenant = await seeded();
      const request = {
        filter: { objectType: "document" },
        limit: 2,
        allowPartial: true,
        idempotency: { key: "k", requestHash: "h" },
      };
      const [first, ...retries] = await Promise.all([1, 2, 3, 4].map(() => remove(tenant, request)));
      const answers = [first, ...retries].map((answer) => ({ ...answer, replayed: false }));
      expect(answers).toEqual(answers.map(() => ({ ...first, replayed: false })));
      expect([first, ...retries].filter((answer) => answer?.replayed).length).toBe(3);
      expect(await left(tenant, 2)).toEqual(["d3", "d4", "d5", "f"]);
      await expect(
        remove(tenant, { ...request, idempotency: { key: "k", requestHash: "other" } }),
      ).rejects.toMatchObject({
        reason: "IDEMPOTENCY_KEY_REUSED",
      });
    });
  });
}
