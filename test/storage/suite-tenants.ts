import { describe, expect, it } from "vitest";
import type { Store } from "../../src/model/store.ts";
import { createTenant, draft, ORIGIN } from "./drafts.ts";

export function describeTenants(store: () => Store): void {
  describe("tenants", () => {
    it("creates, finds by slug and id, at revision 0 without a schema", async () => {
      const tenant = await store().tenants.create({ slug: "found", schemaName: "shared" }, ORIGIN);
      expect(tenant).toMatchObject({ slug: "found", schemaName: "shared", state: "active" });
      expect(tenant.bucket).toBeGreaterThanOrEqual(0);
      expect(tenant.bucket).toBeLessThan(64);
      expect(await store().tenants.bySlug("found")).toEqual(tenant);
      expect(await store().tenants.byId(tenant.id)).toEqual(tenant);
      const head = await store().revisions.head(tenant);
      expect(head).toMatchObject({ revision: 0, schemaName: "shared", schemaVersion: 0 });
      expect(Math.abs(head.committedAtMs - tenant.createdAtMs)).toBeLessThan(1_000);
      expect(await store().revisions.at(tenant, 0)).toEqual(head);
    });

    it("has nothing under names that are not there or are no ids", async () => {
      expect(await store().tenants.bySlug("nobody")).toBeUndefined();
      expect(await store().tenants.byId("3f2b8c52-2f0e-4a57-9c37-3a4d0d4b8a11")).toBeUndefined();
      expect(await store().tenants.byId("'; drop table tenant")).toBeUndefined();
    });

    it("refuses a slug that is taken, also when two take it at once", async () => {
      const both = await Promise.allSettled(["twice", "twice"].map((slug) => store().tenants.create({ slug }, ORIGIN)));
      expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(both.find(({ status }) => status === "rejected")).toMatchObject({
        reason: { reason: "TENANT_ALREADY_EXISTS", metadata: { tenant: "twice" } },
      });
    });

    it("lists in the order of slugs, page by page", async () => {
      for (const slug of ["zz-c", "zz-a", "zz-b"]) await store().tenants.create({ slug }, ORIGIN);
      const first = await store().tenants.list({ afterSlug: "zz", limit: 2 });
      const second = await store().tenants.list({ afterSlug: "zz-b", limit: 2 });
      expect([...first, ...second].map(({ slug }) => slug)).toEqual(["zz-a", "zz-b", "zz-c"]);
      expect((await store().tenants.list({ limit: 1 })).length).toBe(1);
    });

    it("finds, writes and follows a tenant whose caller has an old address", async () => {
      const tenant = await createTenant(store());
      const elsewhere = { id: tenant.id, bucket: (tenant.bucket + 1) % 64 };
      expect(await store().revisions.head(elsewhere)).toEqual(await store().revisions.head(tenant));
      expect([...(await store().changes.heads([elsewhere])).keys()]).toEqual([tenant.id]);
      const written = ["create document:1#viewer@user:anne"];
      const { head } = await store().tuples.write(elsewhere, draft(written));
      const page = await store().changes.since(elsewhere, head.revision - 1, 10);
      expect(page).toEqual(await store().changes.since(tenant, head.revision - 1, 10));
      expect(page.revisions.map(({ changes }) => changes.length)).toEqual([1]);
      const snapshot = await store().changes.snapshot(elsewhere);
      const counts: number[] = [];
      for await (const { count } of snapshot.batches) counts.push(count);
      expect({ head: snapshot.head, counts }).toEqual({ head, counts: [1] });
    });

    it("knows nothing of a tenant that is not there", async () => {
      const nobody = { id: "3f2b8c52-2f0e-4a57-9c37-3a4d0d4b8a11", bucket: 3 };
      await expect(store().revisions.head(nobody)).rejects.toMatchObject({ reason: "TENANT_NOT_FOUND" });
      await expect(store().tuples.write(nobody, draft([]))).rejects.toMatchObject({ reason: "TENANT_NOT_FOUND" });
    });

    it("answers a ping", async () => {
      await expect(store().ping()).resolves.toBeUndefined();
    });
  });
}
