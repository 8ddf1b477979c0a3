import { describe, expect, it } from "vitest";
import type { Found, FoundObject, ObjectScan, SubjectScan } from "../../src/model/need.ts";
import type { Store } from "../../src/model/store.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { createTenant, draft } from "./drafts.ts";

const subjectText = (found: Found) => `${found.subjectType}:${found.subjectId}#${found.subjectRelation}`;
const objectText = (found: FoundObject) => `${found.objectId}@${found.subjectRelation}`;
const viewers = { objectType: "document", objectId: "a", relation: "viewer" } as const;
const viewed = { subjectType: "group", subjectId: "eng", objectType: "document", relation: "viewer" } as const;

/** In key order, bytewise. */
const SUBJECTS = [
  "app:z#",
  "group:*#",
  "group:eng#",
  "group:eng#admin",
  "group:eng#member",
  "group:ops#member",
  "user:*#",
  "user:Zoe#",
  "user:anne#",
  "user:anne-b#",
  "user:anne/b#",
  "user:~#",
];
const OBJECTS = ["%@member", "A@member", "a@", "a@admin", "a@member", "a-b@member", "a/b@admin", "~@member"];

export function describeScans(store: () => Store): void {
  const pagesOf = async <Row>(limit: number, next: (after: Row | undefined) => Promise<readonly Row[]>) => {
    const rows: Row[] = [];
    for (;;) {
      const page = await next(rows.at(-1));
      expect(page.length).toBeLessThanOrEqual(limit);
      rows.push(...page);
      if (page.length < limit) return rows;
    }
  };
  const allSubjects = async (tenant: TenantPlace, revision: number, scan: SubjectScan, limit: number) =>
    pagesOf<Found>(limit, async (after) => {
      const source = store().tuples.source(tenant, revision);
      const [page = []] = await source.scanSubjects([{ ...scan, ...(after !== undefined && { after }) }], limit);
      return page;
    });
  const allObjects = async (tenant: TenantPlace, revision: number, scan: ObjectScan, limit: number) =>
    pagesOf<FoundObject>(limit, async (after) => {
      const source = store().tuples.source(tenant, revision);
      const [page = []] = await source.scanObjects([{ ...scan, ...(after !== undefined && { after }) }], limit);
      return page;
    });
  const seeded = async (lines: readonly string[]) => {
    const tenant = await createTenant(store());
    await store().tuples.write(tenant, draft(lines.toReversed().map((line) => `create ${line}`)));
    return tenant;
  };

  describe("scans of subjects", () => {
    const lines = [
      ...SUBJECTS.map((subject) => `document:a#viewer@${subject.replace(/#$/, "")}`),
      "document:a#owner@user:anne",
      "document:ab#viewer@user:anne",
      "folder:a#viewer@user:anne",
    ];
    const selections: readonly [string, Partial<SubjectScan>, (subject: string) => boolean][] = [
      ["any", {}, () => true],
      ["those of a type", { subjectType: "group" }, (s) => s.startsWith("group:")],
      ["plain ones", { subjectType: "group", subjectRelation: "" }, (s) => /^group:.*#$/.test(s)],
      [
        "those with a relation",
        { subjectType: "group", subjectRelation: "member" },
        (s) => /^group:.*#member$/.test(s),
      ],
      ["the last type", { subjectType: "user" }, (s) => s.startsWith("user:")],
      ["a type that is not there", { subjectType: "none" }, () => false],
    ];

    it.each(selections)("select %s, in order, page by page", async (_what, selection, expected) => {
      const tenant = await seeded(lines);
      for (const limit of [1, 2, 3, 100]) {
        const rows = await allSubjects(tenant, 1, { ...viewers, ...selection }, limit);
        expect(rows.map(subjectText)).toEqual(SUBJECTS.filter(expected));
      }
    });

    it("go on after any place, there or not, of the same type or another", async () => {
      const tenant = await seeded(lines);
      const places = [...SUBJECTS, "Aaa:x#", "group:eng#editor", "group:none#", "groupx:a#", "user:#", "zzz:a#"].map(
        (text) => {
          const [, subjectType = "", subjectId = "", subjectRelation = ""] = /^([^:]*):([^#]*)#(.*)$/.exec(text) ?? [];
          return { text, after: { subjectType, subjectId, subjectRelation } };
        },
      );
      const order = (text: string) => Buffer.from(text.replaceAll(/[:#]/g, "\0"));
      const source = store().tuples.source(tenant, 1);
      for (const [, selection, selected] of selections) {
        const scans = places.map(({ after }) => ({ ...viewers, ...selection, after }));
        const answers = await source.scanSubjects(scans, 100);
        for (const [index, { text }] of places.entries()) {
          const expected = SUBJECTS.filter((s) => selected(s) && Buffer.compare(order(s), order(text)) > 0);
          expect(answers[index]?.map(subjectText), text).toEqual(expected);
        }
      }
    });
  });

  describe("scans of objects", () => {
    const lines = [
      ...OBJECTS.map((object) => {
        const [id, relation = ""] = object.split("@");
        return `document:${id}#viewer@group:eng${relation && `#${relation}`}`;
      }),
      "document:a#owner@group:eng#member",
      "document:a#viewer@group:ops#member",
      "folder:a#viewer@group:eng#member",
      "document:a#viewer@team:eng#member",
    ];
    const selections: readonly [string, Partial<ObjectScan>, (object: string) => boolean][] = [
      ["of the subject with any relation", {}, () => true],
      ["of the subject itself", { subjectRelation: "" }, (o) => o.endsWith("@")],
      ["of the subject with one relation", { subjectRelation: "member" }, (o) => o.endsWith("@member")],
      ["of a subject that is not there", { subjectId: "none" }, () => false],
    ];

    it.each(selections)("select those %s, in order, page by page", async (_what, selection, expected) => {
      const tenant = await seeded(lines);
      for (const limit of [1, 2, 3, 100]) {
        const rows = await allObjects(tenant, 1, { ...viewed, ...selection }, limit);
        expect(rows.map(objectText)).toEqual(OBJECTS.filter(expected));
      }
    });

    it("go on after any place, there or not", async () => {
      const tenant = await seeded(lines);
      const places = [...OBJECTS, "@", "a@b", "a@zzz", "zzz@member"].map((text) => {
        const [objectId = "", subjectRelation = ""] = text.split("@");
        return { text, after: { objectId, subjectRelation } };
      });
      const order = (text: string) => Buffer.from(text.replace("@", "\0"));
      const source = store().tuples.source(tenant, 1);
      for (const [, selection, selected] of selections) {
        const scans = places.map(({ after }) => ({ ...viewed, ...selection, after }));
        const answers = await source.scanObjects(scans, 100);
        for (const [index, { text }] of places.entries()) {
          const expected = OBJECTS.filter((o) => selected(o) && Buffer.compare(order(o), order(text)) > 0);
          expect(answers[index]?.map(objectText), text).toEqual(expected);
        }
      }
    });

    it("find a wildcard as a subject like any other", async () => {
      const tenant = await seeded(["document:open#viewer@user:*", "document:closed#viewer@user:anne"]);
      const scan = { ...viewed, subjectType: "user", subjectId: "*" };
      expect((await allObjects(tenant, 1, scan, 10)).map(objectText)).toEqual(["open@"]);
    });
  });

  describe("scans", () => {
    it("answer many at once, each for itself and each up to the limit", async () => {
      const ids = Array.from({ length: 300 }, (_, i) => `d${String(i).padStart(3, "0")}`);
      const tenant = await seeded(ids.flatMap((id) => [1, 2, 3].map((n) => `document:${id}#viewer@user:u${n}`)));
      const source = store().tuples.source(tenant, 1);
      const scans = Array.from(
        { length: 4000 },
        (_, i): SubjectScan => ({
          ...viewers,
          objectId: `d${String(i % 400).padStart(3, "0")}`,
          ...(i % 2 === 0 && { subjectType: "user" }),
          ...(i % 3 === 0 && { after: { subjectType: "user", subjectId: "u1", subjectRelation: "" } }),
        }),
      );
      const answers = await source.scanSubjects(scans, 2);
      expect(answers.map((answer) => answer.map(({ subjectId }) => subjectId))).toEqual(
        scans.map(({ after }, i) => (i % 400 >= 300 ? [] : after === undefined ? ["u1", "u2"] : ["u2", "u3"])),
      );
      const one = { ...viewed, subjectType: "user", subjectId: "u2" };
      const [first, second, third] = await source.scanObjects(
        [one, { ...one, subjectId: "none" }, { ...one, after: { objectId: "d297", subjectRelation: "" } }],
        5,
      );
      expect(first?.map(({ objectId }) => objectId)).toEqual(ids.slice(0, 5));
      expect(second).toEqual([]);
      expect(third?.map(({ objectId }) => objectId)).toEqual(["d298", "d299"]);
      expect(await source.scanObjects([], 5)).toEqual([]);
      expect(await source.scanSubjects([], 5)).toEqual([]);
    });

    it("see their revision: what was deleted, written and touched since is not there", async () => {
      const tenant = await seeded(["document:a#viewer@user:anne", "document:a#viewer@user:bob"]);
      await store().tuples.write(
        tenant,
        draft(["delete document:a#viewer@user:anne", "touch document:a#viewer@user:bob[office:{}]"]),
      );
      await store().tuples.write(tenant, draft(["create document:a#viewer@user:carl"]));
      const names = async (revision: number) =>
        (await allSubjects(tenant, revision, viewers, 1)).map(({ subjectId }) => subjectId);
      expect([await names(0), await names(1), await names(2), await names(3)]).toEqual([
        [],
        ["anne", "bob"],
        ["bob"],
        ["bob", "carl"],
      ]);
      const bob = { subjectType: "user", subjectId: "bob", objectType: "document", relation: "viewer" };
      expect(await allObjects(tenant, 1, bob, 1)).toEqual([{ objectId: "a", subjectRelation: "" }]);
      expect(await allObjects(tenant, 2, bob, 1)).toEqual([
        { objectId: "a", subjectRelation: "", caveat: { name: "office", contextJson: "{}" } },
      ]);
    });

    it("are refused to a caller who has left", async () => {
      const source = store().tuples.source(await createTenant(store()), 0, AbortSignal.abort());
      await expect(source.scanSubjects([viewers], 1)).rejects.toMatchObject({ reason: "CANCELLED" });
      await expect(source.scanObjects([viewed], 1)).rejects.toMatchObject({ reason: "CANCELLED" });
    });
  });

  describe("conditions of tuples", () => {
    /** Spaces, order, repeated zeros and escapes must survive: the text is what a caveat is keyed by. */
    const context = { z: 1, a: ["\u0000", "\uD83D\uDE00", 1e21, -0.5, 9007199254740991], "": { nested: [null, true] } };
    const both = { caveat: { name: "office", context }, expiresAtMs: 1_999_999_999_999 };
    const tuples = [
      { subjectId: "neither" },
      { subjectId: "caveat", caveat: both.caveat },
      { subjectId: "expiry", expiresAtMs: 1 },
      { subjectId: "both", ...both },
    ].map((rest) => ({ ...viewers, subjectType: "user", subjectRelation: "", ...rest }));
    const traits = {
      neither: {},
      caveat: { caveat: { name: "office", contextJson: JSON.stringify(context) } },
      expiry: { expiresAtMs: 1 },
      both: { caveat: { name: "office", contextJson: JSON.stringify(context) }, expiresAtMs: both.expiresAtMs },
    };
    const foundOf = (subjectId: keyof typeof traits) => ({
      subjectType: "user",
      subjectId,
      subjectRelation: "",
      ...traits[subjectId],
    });

    it("come back byte for byte with every way of reading, expired ones too", async () => {
      const tenant = await createTenant(store());
      await store().tuples.write(tenant, {
        ...draft([]),
        updates: tuples.map((tuple) => ({ operation: "create", tuple })),
      });
      const source = store().tuples.source(tenant, 1);
      const names = ["both", "caveat", "expiry", "neither"] as const;
      const exact = names.map((name) => ({ kind: "exact" as const, ...viewers, ...plainSubject(name) }));
      // toStrictEqual: a property that is undefined is not one that is absent.
      expect(await source.read(exact, 10)).toStrictEqual(names.map((name) => [foundOf(name)]));
      const [objects = []] = await source.read([{ kind: "objects", ...viewers, subjectTypes: ["user"] }], 10);
      expect(objects.toSorted((a, b) => (a.subjectId < b.subjectId ? -1 : 1))).toStrictEqual(names.map(foundOf));
      expect(await source.scanSubjects([viewers], 10)).toStrictEqual([names.map(foundOf)]);
      const scans = names.map((subjectId) => ({ ...viewed, subjectType: "user", subjectId }));
      expect(await source.scanObjects(scans, 10)).toStrictEqual(
        names.map((name) => [{ objectId: "a", subjectRelation: "", ...traits[name] }]),
      );
    });

    it("come with subjects that have a relation", async () => {
      const tenant = await createTenant(store());
      const tuple = { ...viewers, subjectType: "group", subjectId: "eng", subjectRelation: "member", ...both };
      await store().tuples.write(tenant, { ...draft([]), updates: [{ operation: "create", tuple }] });
      const found = { subjectType: "group", subjectId: "eng", subjectRelation: "member", ...traits.both };
      const source = store().tuples.source(tenant, 1);
      expect(await source.read([{ kind: "usersets", ...viewers }], 10)).toStrictEqual([[found]]);
      const scan = { ...viewers, subjectType: "group", subjectRelation: "member" };
      expect(await source.scanSubjects([scan], 10)).toStrictEqual([[found]]);
      expect(await source.scanObjects([{ ...viewed, subjectRelation: "member" }], 10)).toStrictEqual([
        [{ objectId: "a", subjectRelation: "member", ...traits.both }],
      ]);
    });
  });
}

function plainSubject(subjectId: string) {
  return { subjectType: "user", subjectId, subjectRelation: "" };
}
