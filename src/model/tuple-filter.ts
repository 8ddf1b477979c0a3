import type { TupleFilter, TupleKey } from "./tuple.ts";

/** `document:readme#viewer@group:…#member`: the filter as people read it, `…` where anything matches. */
export function formatFilter(filter: TupleFilter): string {
  const part = (value: string | undefined) => value ?? "…";
  const relation = filter.subjectRelation;
  const subjectRelation = relation === undefined ? "#…" : relation === "" ? "" : `#${relation}`;
  return `${part(filter.objectType)}:${part(filter.objectId)}#${part(filter.relation)}@${part(filter.subjectType)}:${part(filter.subjectId)}${subjectRelation}`;
}

/** Does every field that is set match? */
export function matchesFilter(key: TupleKey, filter: TupleFilter): boolean {
  return (
    (filter.objectType === undefined || filter.objectType === key.objectType) &&
    (filter.objectId === undefined || filter.objectId === key.objectId) &&
    (filter.relation === undefined || filter.relation === key.relation) &&
    (filter.subjectType === undefined || filter.subjectType === key.subjectType) &&
    (filter.subjectId === undefined || filter.subjectId === key.subjectId) &&
    (filter.subjectRelation === undefined || filter.subjectRelation === key.subjectRelation)
  );
}
