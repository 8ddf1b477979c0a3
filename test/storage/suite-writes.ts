import { describe, expect, it } from "vitest";
import type { Store } from "../../src/model/store.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "./drafts.ts";

export function describeWrites(store: () => Store): void {
  const live = async (tenant: TenantPlace, revision?: number) => {
    const at = revision ?? (await store().revisions.head(tenant)).revision;
    return (await store().tuples.page(tenant, { revision: at, nowMs: NOW_MS, filter: {}, limit: 100 })).map(
      formatTuple,
    );
  };
  const write = (tenant: TenantPlace, updates: readonly string[], rest = {}) =>
    store().tuples.write(tenant, draft(updates, rest));

  describe("writes", () => {
    it("make one revision each, even when nothing changes", async () => {
      const tenant = await createTenant(store());
      const heads = [
        await write(tenant, ["create document:a#viewer@user:anne"]),
        await write(tenant, ["touch document:a#viewer@user:anne"]),
        await write(tenant, ["delete document:zzz#viewer@user:anne"]),
        await write(tenant, []),
      ].map(({ head }) => head);
      expect(heads.map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
      expect(await store().revisions.head(tenant)).toEqual(heads.at(-1));
      for (const head of heads) expect(await store().revisions.at(tenant, head.revision)).toEqual(head);
      expect(await store().revisions.at(tenant, 5)).toBeUndefined();
      expect(await store().revisions.at(tenant, -1)).toBeUndefined();
      expect(await store().revisions.at(tenant, 2 ** 60)).toBeUndefined();
    });

    it("stamp revisions with a time that never runs backwards", async () => {
      const tenant = await createTenant(store());
      const times: number[] = [];
      for (let i = 0; i < 5; i += 1) times.push((await write(tenant, [])).head.committedAtMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(Number.isInteger(times[0])).toBe(true);
    });

    it("keep the past readable", async () => {
      const tenant = await createTenant(store());
      await write(tenant, ["create document:a#viewer@user:anne"]);
      await write(tenant, ["delete document:a#viewer@user:anne", "create document:b#viewer@user:bob"]);
      await write(tenant, ["create document:a#viewer@user:anne"]);
      expect(await live(tenant, 0)).toEqual([]);
      expect(await live(tenant, 1)).toEqual(["document:a#viewer@user:anne"]);
      expect(await live(tenant, 2)).toEqual(["document:b#viewer@user:bob"]);
      expect(await live(tenant, 3)).toEqual(["document:a#viewer@user:anne", "document:b#viewer@user:bob"]);
    });

    it("are all or nothing: CREATE of a live tuple refuses the whole request", async () => {
      const tenant = await createTenant(store());
      await write(tenant, ["create document:a#viewer@user:anne"]);
      await expect(
        write(tenant, ["create document:b#viewer@user:bob", "create document:a#viewer@user:anne"]),
      ).rejects.toMatchObject({
        reason: "TUPLE_ALREADY_EXISTS",
        message: expect.stringContaining("document:a#viewer@user:anne"),
        metadata: { tuple: "document:a#viewer@user:anne" },
      });
      expect(await live(tenant)).toEqual(["document:a#viewer@user:anne"]);
      expect((await store().revisions.head(tenant)).revision).toBe(1);
    });

    it("replace caveat and expiry by TOUCH", async () => {
      const tenant = await createTenant(store());
      const versions = [
        "document:a#viewer@user:anne",
        'document:a#viewer@user:anne[office:{"net":"10.0.0.0/8","n":1.50,"\\u0000":null}]',
        'document:a#viewer@user:anne[office:{"net":"10.1.0.0/16"}]',
        "document:a#viewer@user:anne[expiration:2031-05-01T12:30:00.123Z]",
        "document:a#viewer@user:anne",
      ].map((text) => draft([`touch ${text}`]).updates[0]?.tuple);
      for (const tuple of versions) {
        await store().tuples.write(tenant, {
          ...draft([]),
          updates: tuple === undefined ? [] : [{ operation: "touch", tuple }],
        });
      }
      for (const [index, tuple] of versions.entries()) {
        expect(await store().tuples.page(tenant, { revision: index + 1, nowMs: NOW_MS, filter: {}, limit: 9 })).toEqual(
          [tuple],
        );
      }
    });

    it("take the longest names and ids there are", async () => {
      const tenant = await createTenant(store());
      const [type, id, relation] = [`t${"x".repeat(127)}`, "i".repeat(1024), `r${"x".repeat(63)}`];
      const key = {
        objectType: type,
        objectId: id,
        relation,
        subjectType: type,
        subjectId: id,
        subjectRelation: relation,
      };
      await store().tuples.write(tenant, { ...draft([]), updates: [{ operation: "create", tuple: key }] });
      expect(await store().tuples.page(tenant, { revision: 1, nowMs: NOW_MS, filter: {}, limit: 1 })).toEqual([key]);
      await store().tuples.write(tenant, { ...draft([]), updates: [{ operation: "delete", tuple: key }] });
      expect(await live(tenant)).toEqual([]);
    });

    it("take a thousand updates at once", async () => {
      const tenant = await createTenant(store());
      const updates = Array.from({ length: 1000 }, (_, i) => `create document:d${i}#viewer@user:u${i % 7}`);
      await write(tenant, updates);
      await expect(write(tenant, updates)).rejects.toMatchObject({ reason: "TUPLE_ALREADY_EXISTS" });
      await write(
        tenant,
        updates.map((line) => line.replace("create", "delete")),
      );
      expect(await live(tenant)).toEqual([]);
      expect((await live(tenant, 1)).length).toBe(100);
    });

    it("refuse when the schema has moved on", async () => {
      const tenant = await createTenant(store());
      await store().schemas.write(tenant, {
        text: "definition user {}",
        expectedVersion: 0,
        strands: [],
        origin: ORIGIN,
      });
      await expect(write(tenant, [])).rejects.toMatchObject({
        reason: "WRITE_CONFLICT",
        metadata: { schemaVersion: "1" },
      });
      expect((await write(tenant, [], { schemaVersion: 1 })).head).toMatchObject({ revision: 2, schemaVersion: 1 });
    });

    it("hold to their preconditions, of every shape", async () => {
      const tenant = await createTenant(store());
      await write(tenant, ["create document:a#viewer@group:eng#member", "create folder:f#owner@user:anne"]);
      const key = {
        objectType: "document",
        objectId: "a",
        relation: "viewer",
        subjectType: "group",
        subjectId: "eng",
        subjectRelation: "member",
      };
      const fields = Object.entries(key);
      for (let shape = 0; shape < 64; shape += 1) {
        const filter = Object.fromEntries(fields.filter((_, index) => (shape >> index) & 1));
        const wrong = Object.fromEntries(Object.keys(filter).map((field) => [field, "nothing"]));
        const head = await write(tenant, [], { preconditions: [{ expect: "must_match", filter }] });
        expect(head.head.revision).toBe(2 + shape);
        await expect(
          write(tenant, [], { preconditions: [{ expect: "must_not_match", filter }] }),
        ).rejects.toMatchObject({ reason: "PRECONDITION_FAILED" });
        if (shape === 0) continue;
        await expect(
          write(tenant, [], {
            preconditions: [
              { expect: "must_not_match", filter: wrong },
              { expect: "must_match", filter: wrong },
            ],
          }),
        ).rejects.toMatchObject({ reason: "PRECONDITION_FAILED", metadata: { precondition: "1" } });
      }
    });

    it("judge preconditions by live tuples before the write, not by the write's own", async () => {
      const tenant = await createTenant(store());
      const filter = { objectType: "document", objectId: "a" };
      await write(tenant, ["create document:a#viewer@user:anne"], {
        preconditions: [{ expect: "must_not_match", filter }],
      });
      await write(tenant, ["delete document:a#viewer@user:anne"], {
        preconditions: [{ expect: "must_match", filter }],
      });
      await expect(
        write(tenant, ["create document:a#viewer@user:bob"], { preconditions: [{ expect: "must_match", filter }] }),
      ).rejects.toMatchObject({
        reason: "PRECONDITION_FAILED",
        message: expect.stringContaining("no tuple matches document:a#…@…:…#…"),
      });
    });

    it("let exactly one of many CREATEs of a tuple win, and number revisions without gaps", async () => {
      const tenant = await createTenant(store());
      const outcomes = await Promise.allSettled(
        Array.from({ length: 24 }, (_, i) =>
          write(
            tenant,
            i % 2 === 0 ? ["create document:a#viewer@user:anne"] : [`create document:b${i}#viewer@user:anne`],
          ),
        ),
      );
      const revisions = outcomes.flatMap((o) => (o.status === "fulfilled" ? [o.value.head.revision] : []));
      expect(revisions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 13 }, (_, i) => i + 1));
      const lost = outcomes.flatMap((o) => (o.status === "rejected" ? [o.reason.reason] : []));
      expect(lost).toEqual(Array.from({ length: 11 }, () => "TUPLE_ALREADY_EXISTS"));
      expect((await live(tenant)).length).toBe(13);
    });

    describe("with an idempotency key", () => {
      const key = { key: "k-1", requestHash: "aa" };

      it("happen once, however often they are sent and at once", async () => {
        const tenant = await createTenant(store());
        const send = () => write(tenant, ["create document:a#viewer@user:anne"], { idempotency: key });
        const first = await Promise.all(Array.from({ length: 12 }, send));
        expect(first.filter(({ replayed }) => !replayed).length).toBe(1);
        expect(new Set(first.map(({ head }) => head.revision))).toEqual(new Set([1]));
        await write(tenant, ["delete document:a#viewer@user:anne"]);
        await store().schemas.write(tenant, {
          text: "definition user {}",
          expectedVersion: 0,
          strands: [],
          origin: ORIGIN,
        });
        expect(await send()).toEqual({ head: first[0]?.head, replayed: true });
        expect((await store().revisions.head(tenant)).revision).toBe(3);
        expect(await live(tenant)).toEqual([]);
      });

      it("refuse the key for another request, of another kind too", async () => {
        const tenant = await createTenant(store());
        await write(tenant, [], { idempotency: key });
        const reused = { reason: "IDEMPOTENCY_KEY_REUSED" };
        await expect(write(tenant, [], { idempotency: { ...key, requestHash: "bb" } })).rejects.toMatchObject(reused);
        await expect(
          store().tuples.deleteMatching(tenant, {
            filter: {},
            preconditions: [],
            limit: 1,
            allowPartial: true,
            nowMs: NOW_MS,
            idempotency: key,
            origin: ORIGIN,
          }),
        ).rejects.toMatchObject(reused);
        expect((await write(await createTenant(store()), [], { idempotency: key })).replayed).toBe(false);
      });

      it("do not remember a failure", async () => {
        const tenant = await createTenant(store());
        await write(tenant, ["create document:a#viewer@user:anne"]);
        const send = () => write(tenant, ["create document:a#viewer@user:anne"], { idempotency: key });
        await expect(send()).rejects.toMatchObject({ reason: "TUPLE_ALREADY_EXISTS" });
        await write(tenant, ["delete document:a#viewer@user:anne"]);
        expect(await send()).toMatchObject({ replayed: false, head: { revision: 3 } });
      });
    });
  });
}
