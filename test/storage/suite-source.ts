import { describe, expect, it } from "vitest";
import { RelataError } from "../../src/errors.ts";
import type { Need } from "../../src/model/need.ts";
import type { Store } from "../../src/model/store.ts";
import { createTenant, draft, NOW_MS } from "./drafts.ts";

const exact = (objectId: string, subjectId: string, subjectRelation = ""): Need => ({
  kind: "exact",
  objectType: "document",
  objectId,
  relation: "viewer",
  subjectType: subjectRelation === "" ? "user" : "group",
  subjectId,
  subjectRelation,
});
const usersets = (objectId: string): Need => ({
  kind: "usersets",
  objectType: "document",
  objectId,
  relation: "viewer",
});
const objects = (...subjectTypes: string[]): Need => ({
  kind: "objects",
  objectType: "document",
  objectId: "a",
  relation: "parent",
  subjectTypes,
});

export function describeSource(store: () => Store): void {
  const seeded = async () => {
    const tenant = await createTenant(store());
    await store().tuples.write(
      tenant,
      draft([
        "create document:a#viewer@user:anne",
        "create document:a#viewer@user:*",
        "create document:a#viewer@group:eng#member",
        "create document:a#viewer@group:ops#member",
        "create document:a#parent@folder:f",
        "create document:a#parent@folder:*",
        "create document:a#parent@org:o",
        "create document:a#parent@org:o#admin",
        "create document:a#owner@user:bob",
      ]),
    );
    await store().tuples.write(
      tenant,
      draft(["delete document:a#viewer@user:anne", "create document:b#viewer@user:anne"]),
    );
    return tenant;
  };
  const found = (
    answers: readonly (readonly { subjectType: string; subjectId: string; subjectRelation: string }[])[],
  ) => answers.map((answer) => answer.map((f) => `${f.subjectType}:${f.subjectId}#${f.subjectRelation}`).sort());

  describe("the solver's source", () => {
    it("answers every kind of need, in order, at its revision", async () => {
      const tenant = await seeded();
      const needs = [
        exact("a", "anne"),
        usersets("a"),
        objects("folder"),
        exact("b", "anne"),
        objects("org", "folder", "none"),
        exact("a", "*"),
        exact("a", "eng", "member"),
        usersets("none"),
        objects(),
        exact("a", "anne"),
      ];
      const common = {
        usersets: ["group:eng#member", "group:ops#member"],
        folder: ["folder:f#"],
        both: ["folder:f#", "org:o#", "org:o#admin"],
      };
      expect(found(await store().tuples.source(tenant, 1).read(needs, 100))).toEqual([
        ["user:anne#"],
        common.usersets,
        common.folder,
        [],
        common.both,
        ["user:*#"],
        ["group:eng#member"],
        [],
        [],
        ["user:anne#"],
      ]);
      expect(found(await store().tuples.source(tenant, 2).read(needs, 100))).toEqual([
        [],
        common.usersets,
        common.folder,
        ["user:anne#"],
        common.both,
        ["user:*#"],
        ["group:eng#member"],
        [],
        [],
        [],
      ]);
      expect(found(await store().tuples.source(tenant, 0).read(needs, 100))).toEqual(needs.map(() => []));
    });

    it("answers each mix of kinds", async () => {
      const source = store().tuples.source(await seeded(), 2);
      const one = [exact("b", "anne"), usersets("a"), objects("org")];
      const alone = found(await source.read(one, 100));
      for (let kinds = 0; kinds < 8; kinds += 1) {
        const chosen = [0, 1, 2].filter((index) => (kinds >> index) & 1);
        const answers = await source.read(
          one.filter((_, index) => chosen.includes(index)),
          100,
        );
        expect(found(answers)).toEqual(alone.filter((_, index) => chosen.includes(index)));
      }
    });

    it("never cuts: one row too many is an error, the exact number is not", async () => {
      const source = store().tuples.source(await seeded(), 1);
      const needs = [usersets("a"), exact("a", "anne"), objects("org")];
      expect((await source.read(needs, 5)).flat().length).toBe(5);
      await expect(source.read(needs, 4)).rejects.toMatchObject({
        reason: "BUDGET_EXHAUSTED",
        metadata: { maxRows: "4" },
      });
      await expect(source.read([objects("folder", "org")], 2)).rejects.toMatchObject({ reason: "BUDGET_EXHAUSTED" });
      await expect(source.read([exact("a", "anne")], 0)).rejects.toMatchObject({ reason: "BUDGET_EXHAUSTED" });
      expect(await source.read([exact("zzz", "anne")], 0)).toEqual([[]]);
    });

    it("takes text as it comes: quotes, backslashes, braces, emoji", async () => {
      const tenant = await createTenant(store());
      const ids = ['"', "\\", "{}", "a,b", "NULL", "'; --", "\u{1F600}", "\uE000"];
      await store().tuples.write(tenant, {
        ...draft([]),
        updates: ids.map((id) => ({
          operation: "create" as const,
          tuple: {
            objectType: "document",
            objectId: id,
            relation: "viewer",
            subjectType: "user",
            subjectId: id,
            subjectRelation: "",
          },
        })),
      });
      const answers = await store()
        .tuples.source(tenant, 1)
        .read(
          ids.map((id) => exact(id, id)),
          100,
        );
      expect(answers.map(([f]) => f?.subjectId)).toEqual(ids);
      const page = await store().tuples.page(tenant, { revision: 1, nowMs: NOW_MS, filter: {}, limit: 100 });
      expect(page.map(({ objectId }) => objectId)).toEqual([
        '"',
        "'; --",
        "NULL",
        "\\",
        "a,b",
        "{}",
        "\uE000",
        "\u{1F600}",
      ]);
    });

    it("is refused to a caller who has left, with the caller's own reason", async () => {
      const tenant = await seeded();
      const late = new RelataError("DEADLINE_EXCEEDED", "too late");
      const read = (signal: AbortSignal) =>
        store()
          .tuples.source(tenant, 1, signal)
          .read([exact("a", "anne")], 10);
      await expect(read(AbortSignal.abort())).rejects.toMatchObject({ reason: "CANCELLED" });
      await expect(read(AbortSignal.abort(late))).rejects.toBe(late);
    });
  });
}
