// Reads of single tuples whose answers are known: whether the subject of some question is a viewer of its object by a tuple of its own.
import type { Need } from "../../src/model/need.ts";
import type { DocumentsWorkload } from "../workloads/documents.ts";

export type PointKey = Extract<Need, { readonly kind: "exact" }>;

export interface KnownPoint {
  readonly key: PointKey;
  /** Whether there is such a tuple: mostly not. */
  readonly found: boolean;
}

/** Of the first `count` questions. @throws Error where none of them has a tuple, or each one has */
export function knownPoints(work: DocumentsWorkload, count: number): readonly KnownPoint[] {
  const keys = work.questions(count).map(({ question: { object, subject } }): PointKey => {
    return {
      kind: "exact",
      objectType: object.type,
      objectId: object.id,
      relation: "viewer",
      subjectType: subject.type,
      subjectId: subject.id,
      subjectRelation: "",
    };
  });
  const asked = new Set(keys.map(nameOf));
  const there = new Set<string>();
  for (const tuple of work.generate()) {
    if (tuple.relation !== "viewer" || tuple.subjectRelation !== "") continue;
    const name = nameOf(tuple);
    if (asked.has(name)) there.add(name);
  }
  const points = keys.map((key) => ({ key, found: there.has(nameOf(key)) }));
  if (there.size === 0 || there.size === asked.size)
    throw new Error(`${there.size} of ${asked.size} tuples are there: reads of them would all have the same answer`);
  return points;
}

function nameOf({ objectType, objectId, subjectType, subjectId }: Omit<PointKey, "kind">): string {
  return `${objectType}:${objectId}@${subjectType}:${subjectId}`;
}
