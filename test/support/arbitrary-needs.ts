import fc from "fast-check";
import type { Found, FoundObject, Need, ObjectScan, SubjectScan } from "../../src/model/need.ts";
import type { Tuple } from "../../src/model/tuple.ts";

/** Few names, so that contextual tuples often meet stored ones; ids that a locale would put in another order. */
const OBJECT_IDS = ["a", "B", "a/b", "~"] as const;
const SUBJECT_IDS = ["*", "Z", "a", "b"] as const;
const RELATIONS = ["viewer", "parent"] as const;
const SUBJECT_TYPES = ["group", "user"] as const;
const SUBJECT_RELATIONS = ["", "member"] as const;

export const tupleKeys = fc.record({
  objectType: fc.constant("document"),
  objectId: fc.constantFrom(...OBJECT_IDS),
  relation: fc.constantFrom(...RELATIONS),
  subjectType: fc.constantFrom(...SUBJECT_TYPES),
  subjectId: fc.constantFrom(...SUBJECT_IDS),
  subjectRelation: fc.constantFrom(...SUBJECT_RELATIONS),
});
const traits = fc.record(
  {
    caveat: fc.record({ name: fc.constantFrom("c", "d"), context: fc.constantFrom({}, { n: 1 }, { s: "x" }) }),
    expiresAtMs: fc.constantFrom(1, 2_000_000_000_000),
  },
  { requiredKeys: [] },
);
export const tuples = fc.uniqueArray(
  fc.tuple(tupleKeys, traits).map(([key, more]): Tuple => ({ ...key, ...more })),
  { selector: (tuple) => Object.values({ ...tuple, caveat: 0, expiresAtMs: 0 }).join(" "), maxLength: 24 },
);

const places = fc.record({
  objectType: fc.constant("document"),
  objectId: fc.constantFrom(...OBJECT_IDS),
  relation: fc.constantFrom(...RELATIONS),
});
const subjects = fc.record({
  subjectType: fc.constantFrom(...SUBJECT_TYPES),
  subjectId: fc.constantFrom(...SUBJECT_IDS),
  subjectRelation: fc.constantFrom(...SUBJECT_RELATIONS),
});
export const needs: fc.Arbitrary<Need> = fc.oneof(
  fc.tuple(places, subjects).map(([place, subject]): Need => ({ kind: "exact", ...place, ...subject })),
  places.map((place): Need => ({ kind: "usersets", ...place })),
  fc
    .tuple(places, fc.subarray([...SUBJECT_TYPES]))
    .map(([place, subjectTypes]): Need => ({ kind: "objects", ...place, subjectTypes })),
);
export const subjectScans: fc.Arbitrary<SubjectScan> = fc
  .tuple(
    places,
    fc.record({ subjectType: fc.constantFrom(...SUBJECT_TYPES) }, { requiredKeys: [] }),
    fc.option(fc.constantFrom(...SUBJECT_RELATIONS), { nil: undefined }),
    fc.option(subjects, { nil: undefined }),
  )
  .map(([place, type, subjectRelation, after]) => ({
    ...place,
    ...type,
    ...(type.subjectType === undefined || subjectRelation === undefined ? {} : { subjectRelation }),
    ...(after === undefined ? {} : { after }),
  }));
export const objectScans: fc.Arbitrary<ObjectScan> = fc
  .record(
    {
      subjectType: fc.constantFrom(...SUBJECT_TYPES),
      subjectId: fc.constantFrom(...SUBJECT_IDS),
      subjectRelation: fc.constantFrom(...SUBJECT_RELATIONS),
      objectType: fc.constant("document"),
      relation: fc.constantFrom(...RELATIONS),
      after: fc.record({
        objectId: fc.constantFrom(...OBJECT_IDS),
        subjectRelation: fc.constantFrom(...SUBJECT_RELATIONS),
      }),
    },
    { requiredKeys: ["subjectType", "subjectId", "objectType", "relation"] },
  )
  .map((scan) => scan as ObjectScan);

/** Rows of reads come in no order, and a context's spelling is the store's own. */
function plain(row: Found | FoundObject): string {
  const { caveat, ...rest } = row;
  return JSON.stringify([
    Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    caveat?.name,
    JSON.parse(caveat?.contextJson ?? "null"),
  ]);
}

export const unordered = (answers: readonly (readonly Found[])[]) =>
  answers.map((answer) => answer.map(plain).toSorted());
export const ordered = (answers: readonly (readonly (Found | FoundObject)[])[]) =>
  answers.map((answer) => answer.map(plain));
