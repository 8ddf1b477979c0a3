import { describe, expect, it } from "vitest";
import type { Store } from "../../src/model/store.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import type { Tuple, TupleFilter, TupleKey } from "../../src/model/tuple.ts";
import { matchesFilter } from "../../src/model/tuple-filter.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";
import { createTenant, draft, NOW_MS } from "./drafts.ts";

export function describePages(store: () => Store): void {
  const readAll = async (tenant: TenantPlace, revision: number, filter: TupleFilter, limit: number) => {
    const tuples: Tuple[] = [];
    for (let after: TupleKey | undefined; ; after = tuples.at(-1)) {
      const page = await store().tuples.page(tenant, {
        revision,
        nowMs: NOW_MS,
        filter,
        limit,
        ...(after !== undefined && { after }),
      });
      expect(page.length).toBeLessThanOrEqual(limit);
      tuples.push(...page);
      if (page.length < limit) return tuples;
    }
  };
  const LINES = [
    "document:Z#viewer@user:anne", // bytewise: capitals before small letters, whatever the locale
    "document:a#owner@user:anne",
    "document:a#viewer@group:eng#admin",
    "document:a#viewer@group:eng#member",
    "document:a#viewer@user:*",
    "document:a#viewer@user:Zoe",
    "document:a#viewer@user:anne",
    "document:a-b#viewer@user:anne",
    "document:aa#viewer@user:bob",
    "folder:a#viewer@user:anne",
  ];

  describe("pages", () => {
    it("come in key order, bytewise", async () => {
      const tenant = await createTenant(store());
      await store().tuples.write(tenant, draft(LINES.toReversed().map((line) => `create ${line}`)));
      for (const limit of [1, 2, 3, 100]) {
        expect((await readAll(tenant, 1, {}, limit)).map(formatTuple)).toEqual(LINES);
      }
    });

    it("hold exactly what each of the 64 shapes of filter selects", async () => {
      const tenant = await createTenant(store());
      await store().tuples.write(tenant, draft(LINES.map((line) => `create ${line}`)));
      const all = await readAll(tenant, 1, {}, 100);
      for (const tuple of all) {
        const fields = Object.entries(tuple);
        for (let shape = 0; shape < 64; shape += 1) {
          const filter: TupleFilter = Object.fromEntries(fields.filter((_, index) => (shape >> index) & 1));
          const expected = all.filter((candidate) => matchesFilter(candidate, filter));
          expect(await readAll(tenant, 1, filter, 3)).toEqual(expected);
        }
      }
    });

    it("stay with their revision while writes go on", async () => {
      const tenant = await createTenant(store());
      const ids = Array.from({ length: 60 }, (_, i) => `d${String(i).padStart(2, "0")}`);
      await store().tuples.write(tenant, draft(ids.map((id) => `create document:${id}#viewer@user:anne`)));
      const writing = (async () => {
        for (let i = 0; i < 30; i += 1) {
          await store().tuples.write(
            tenant,
            draft([`delete document:${ids[i]}#viewer@user:anne`, `create document:${ids[i]}x#viewer@user:anne`]),
          );
        }
      })();
      const seen = await readAll(tenant, 1, { objectType: "document" }, 4);
      await writing;
      expect(seen.map(({ objectId }) => objectId)).toEqual(ids);
      expect((await readAll(tenant, 31, {}, 7)).length).toBe(60);
    });

    it("are refused to a caller who has left", async () => {
      const tenant = await createTenant(store());
      const query = { revision: 0, nowMs: NOW_MS, filter: {}, limit: 1 };
      await expect(store().tuples.page(tenant, query, AbortSignal.abort())).rejects.toMatchObject({
        reason: "CANCELLED",
      });
    });
  });
}
