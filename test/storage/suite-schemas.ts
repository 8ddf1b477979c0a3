import { describe, expect, it } from "vitest";
import type { Store, StrandProbe } from "../../src/model/store.ts";
import { createTenant, draft, ORIGIN } from "./drafts.ts";

const change = (text: string, expectedVersion: number, strands: readonly StrandProbe[] = []) => ({
  text,
  expectedVersion,
  strands,
  origin: ORIGIN,
});

export function describeSchemas(store: () => Store): void {
  describe("schemas", () => {
    it("stores versions, points the tenant at the newest, one revision each", async () => {
      const tenant = await createTenant(store());
      const first = await store().schemas.write(tenant, change("definition user {}", 0));
      const second = await store().schemas.write(tenant, change("definition person {}", 1));
      expect(first).toMatchObject({ revision: 1, schemaVersion: 1, schemaName: tenant.schemaName });
      expect(second).toMatchObject({ revision: 2, schemaVersion: 2 });
      expect(await store().revisions.head(tenant)).toEqual(second);
      expect(await store().revisions.at(tenant, 1)).toEqual(first);
      expect(await store().schemas.read(tenant, 1)).toEqual({
        name: tenant.schemaName,
        version: 1,
        text: "definition user {}",
        createdAtMs: first.committedAtMs,
      });
      expect(await store().schemas.read(tenant, 2)).toMatchObject({ text: "definition person {}" });
    });

    it.each([0, 3, -1, 1.5, 2 ** 40, Number.NaN])("has no version %d", async (version) => {
      const tenant = await createTenant(store());
      await store().schemas.write(tenant, change("definition user {}", 0));
      expect(await store().schemas.read(tenant, version)).toBeUndefined();
    });

    it("refuses a change that was compared with another version, and lets one of two win", async () => {
      const tenant = await createTenant(store());
      const both = await Promise.allSettled(
        ["definition a {}", "definition b {}"].map((text) => store().schemas.write(tenant, change(text, 0))),
      );
      expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(both.find(({ status }) => status === "rejected")).toMatchObject({
        reason: { reason: "WRITE_CONFLICT", metadata: { schemaVersion: "1" } },
      });
      expect(await store().revisions.head(tenant)).toMatchObject({ revision: 1, schemaVersion: 1 });
    });

    it("shares a name between tenants without moving any but the writer", async () => {
      const [one, two] = await Promise.all(
        ["share-one", "share-two"].map((slug) => store().tenants.create({ slug, schemaName: "common" }, ORIGIN)),
      );
      if (one === undefined || two === undefined) throw new Error("not created");
      await store().schemas.write(one, change("definition a {}", 0));
      const head = await store().schemas.write(two, change("definition b {}", 0));
      expect(head).toMatchObject({ revision: 1, schemaVersion: 2, schemaName: "common" });
      expect(await store().revisions.head(one)).toMatchObject({ schemaVersion: 1 });
      expect(await store().schemas.read(one, 2)).toMatchObject({ text: "definition b {}" });
    });

    it("shows no tenant the schema of another", async () => {
      const [mine, other] = [await createTenant(store()), await createTenant(store())];
      await store().schemas.write(other, change("definition secret {}", 0));
      expect(await store().schemas.read(mine, 1)).toBeUndefined();
    });

    it("refuses a change that would strand a live tuple, and names it", async () => {
      const tenant = await createTenant(store());
      await store().tuples.write(
        tenant,
        draft([
          "create document:b#viewer@user:anne",
          "create document:a#viewer@user:*",
          "create document:c#owner@user:bob",
        ]),
      );
      await store().tuples.write(tenant, draft(["delete document:c#owner@user:bob"]));
      const probe = (rest: Partial<StrandProbe>) =>
        store().schemas.write(
          tenant,
          change("definition user {}", 0, [
            { filter: { objectType: "document", relation: "owner" }, message: "never" },
            { filter: { objectType: "document", relation: "viewer" }, message: "cannot remove viewer", ...rest },
          ]),
        );
      await expect(probe({})).rejects.toMatchObject({
        reason: "SCHEMA_STRANDS_TUPLES",
        message: expect.stringMatching(/^cannot remove viewer.*document:a#viewer@user:\*/),
        metadata: { tuple: "document:a#viewer@user:*" },
      });
      await expect(probe({ wildcard: false })).rejects.toMatchObject({
        metadata: { tuple: "document:b#viewer@user:anne" },
      });
      expect(await store().revisions.head(tenant)).toMatchObject({ revision: 2, schemaVersion: 0 });
      expect(await store().schemas.read(tenant, 1)).toBeUndefined();
      expect(await probe({ filter: { objectType: "folder" } })).toMatchObject({ revision: 3, schemaVersion: 1 });
    });

    it("tells tuples with a caveat or an expiry from those without", async () => {
      const tenant = await createTenant(store());
      await store().tuples.write(
        tenant,
        draft([
          'create document:a#viewer@user:anne[office:{"net":"10.0.0.0/8"}]',
          "create document:b#viewer@user:bob[expiration:2031-05-01T00:00:00Z]",
          "create document:c#viewer@user:carl",
          'create document:d#viewer@user:dora[office:{"nothing":null}]',
        ]),
      );
      const stranded = async (probe: Partial<StrandProbe>) => {
        const strands = [{ filter: { objectType: "document" }, message: "no", ...probe }];
        const error = await store()
          .schemas.write(tenant, change("definition user {}", 99, strands))
          .catch((e: unknown) => e);
        expect(error).toMatchObject({ reason: "WRITE_CONFLICT" });
        return store()
          .schemas.write(tenant, change("definition user {}", 0, [...strands, ...ALWAYS]))
          .catch((e: { metadata: { tuple: string } }) => e.metadata.tuple);
      };
      expect(await stranded({ caveat: "office" })).toContain("document:a#viewer@user:anne");
      expect(await stranded({ caveat: "office", parameter: "net" })).toContain("document:a#viewer@user:anne");
      expect(await stranded({ caveat: "office", parameter: "ip" })).toContain("document:c#viewer@user:carl");
      expect(await stranded({ caveat: "office", parameter: "nothing" })).toContain("document:d#viewer@user:dora");
      expect(await stranded({ caveat: false })).toContain("document:b#viewer@user:bob");
      expect(await stranded({ caveat: "other" })).toContain("document:c#viewer@user:carl");
      expect(await stranded({ expiration: true })).toContain("document:b#viewer@user:bob");
      expect(await stranded({ expiration: false, caveat: false })).toContain("document:c#viewer@user:carl");
    });
  });
}

/** Found when nothing before it is, so that these tests never change the schema. */
const ALWAYS: readonly StrandProbe[] = [{ filter: { objectId: "c" }, message: "always" }];
