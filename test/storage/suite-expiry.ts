import { describe, expect, it } from "vitest";
import type { Store, WriteRequest } from "../../src/model/store.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { formatTuple, parseTuple } from "../../src/model/tuple-text.ts";
import { createTenant, draft, NOW_MS, ORIGIN } from "./drafts.ts";

const AN_HOUR = 3_600_000;
const TUPLE = "document:a#viewer@user:anne";
const ending = (atMs: number) => formatTuple({ ...parseTuple(TUPLE), expiresAtMs: atMs });

export function describeExpiry(store: () => Store): void {
  const write = (tenant: TenantPlace, updates: readonly string[], rest: Partial<WriteRequest> = {}) =>
    store().tuples.write(tenant, draft(updates, rest));
  const page = async (tenant: TenantPlace, revision: number, nowMs: number | undefined) =>
    (await store().tuples.page(tenant, { revision, nowMs, filter: {}, limit: 10 })).map(formatTuple);

  describe("a tuple that ends", () => {
    it("is on pages until its expiry, to the millisecond, and with no instant always", async () => {
      const tenant = await createTenant(store());
      const other = "document:b#viewer@user:bob";
      await write(tenant, [`create ${ending(NOW_MS)}`, `create ${other}`]);
      expect(await page(tenant, 1, NOW_MS - 1)).toEqual([ending(NOW_MS), other]);
      expect(await page(tenant, 1, NOW_MS)).toEqual([other]);
      expect(await page(tenant, 1, NOW_MS + AN_HOUR)).toEqual([other]);
      expect(await page(tenant, 1, undefined)).toEqual([ending(NOW_MS), other]);
    });

    it("does not shorten pages once it has ended", async () => {
      const tenant = await createTenant(store());
      const lines = Array.from({ length: 20 }, (_, i) => {
        const end = i % 2 === 0 ? `[expiration:${new Date(NOW_MS).toISOString()}]` : "";
        return `create document:d${String(i).padStart(2, "0")}#viewer@user:anne${end}`;
      });
      await write(tenant, lines);
      const query = { revision: 1, nowMs: NOW_MS, filter: { relation: "viewer" }, limit: 4 };
      const first = await store().tuples.page(tenant, query);
      expect(first.map(({ objectId }) => objectId)).toEqual(["d01", "d03", "d05", "d07"]);
      const after = first.at(-1);
      const next = await store().tuples.page(tenant, { ...query, ...(after !== undefined && { after }) });
      expect(next.map(({ objectId }) => objectId)).toEqual(["d09", "d11", "d13", "d15"]);
    });

    it("may be created again once it has ended, and its past stays", async () => {
      const tenant = await createTenant(store());
      await write(tenant, [`create ${ending(NOW_MS)}`]);
      await expect(write(tenant, [`create ${TUPLE}`], { nowMs: NOW_MS - 1 })).rejects.toMatchObject({
        reason: "TUPLE_ALREADY_EXISTS",
      });
      expect((await write(tenant, [`create ${TUPLE}`])).head.revision).toBe(2);
      expect(await page(tenant, 2, NOW_MS)).toEqual([TUPLE]);
      expect(await page(tenant, 1, NOW_MS - 1)).toEqual([ending(NOW_MS)]);
      await expect(write(tenant, [`create ${TUPLE}`])).rejects.toMatchObject({ reason: "TUPLE_ALREADY_EXISTS" });
    });

    it("is found by no precondition once it has ended", async () => {
      const tenant = await createTenant(store());
      await write(tenant, [`create ${ending(NOW_MS)}`]);
      const expects = (expectation: "must_match" | "must_not_match", nowMs: number) => {
        const preconditions = [{ expect: expectation, filter: { objectId: "a", subjectType: "user" } }];
        return {
          write: () => write(tenant, [], { preconditions, nowMs }),
          remove: () =>
            store().tuples.deleteMatching(tenant, {
              filter: { objectType: "none" },
              preconditions,
              limit: 1,
              allowPartial: false,
              nowMs,
              origin: ORIGIN,
            }),
        };
      };
      const failed = { reason: "PRECONDITION_FAILED" };
      for (const how of ["write", "remove"] as const) {
        await expect(expects("must_match", NOW_MS - 1)[how]()).resolves.toMatchObject({ replayed: false });
        await expect(expects("must_match", NOW_MS)[how]()).rejects.toMatchObject(failed);
        await expect(expects("must_not_match", NOW_MS - 1)[how]()).rejects.toMatchObject(failed);
        await expect(expects("must_not_match", NOW_MS)[how]()).resolves.toMatchObject({ replayed: false });
      }
    });

    it("is touched and deleted as it is stored, ended or not", async () => {
      const tenant = await createTenant(store());
      const much = NOW_MS + AN_HOUR;
      await write(tenant, [`create ${ending(NOW_MS)}`]);
      await write(tenant, [`touch ${ending(much)}`]);
      expect(await page(tenant, 2, NOW_MS)).toEqual([ending(much)]);
      await write(tenant, [`touch ${ending(NOW_MS)}`]);
      const removed = await store().tuples.deleteMatching(tenant, {
        filter: { objectId: "a" },
        preconditions: [],
        limit: 10,
        allowPartial: false,
        nowMs: much,
        origin: ORIGIN,
      });
      expect(removed).toMatchObject({ deleted: 1, complete: true });
      expect(await page(tenant, 4, undefined)).toEqual([]);
      await write(tenant, [`create ${ending(NOW_MS)}`]);
      await write(tenant, [`delete ${TUPLE}`], { nowMs: much });
      expect(await page(tenant, 6, undefined)).toEqual([]);
      expect(await page(tenant, 5, undefined)).toEqual([ending(NOW_MS)]);
    });

    it("still stands in the way of a schema that could not hold it", async () => {
      const tenant = await createTenant(store());
      await write(tenant, [`create ${ending(0)}`]);
      const change = {
        text: "definition user {}",
        expectedVersion: 0,
        strands: [{ filter: { objectType: "document" }, message: "cannot remove document" }],
        origin: ORIGIN,
      };
      await expect(store().schemas.write(tenant, change)).rejects.toMatchObject({
        reason: "SCHEMA_STRANDS_TUPLES",
        metadata: { tuple: ending(0).split("[")[0] },
      });
    });
  });
}
