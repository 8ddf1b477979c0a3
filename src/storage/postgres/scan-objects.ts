import { sql } from "kysely";
import type { ObjectScan } from "../../model/need.ts";
import { TRAITS, type TraitColumns, type VisibleArgs, visible } from "./found-columns.ts";
import { type Arg, type Bound, sqlBuilder, statementFamily } from "./statement.ts";
import { BY_SUBJECT } from "./tuple-columns.ts";

interface ScanArgs extends VisibleArgs {
  /** Rows per scan. */
  readonly limit: number;
  /** Rows in all. */
  readonly maxRows: number;
  readonly scan: readonly number[];
  readonly subjectType: readonly string[];
  readonly subjectId: readonly string[];
  readonly subjectRelation: readonly string[];
  readonly objectType: readonly string[];
  readonly relation: readonly string[];
  readonly afterId: readonly string[];
  readonly afterRelation: readonly string[];
}

interface ObjectRow extends TraitColumns {
  /** Index of the scan. */
  readonly scan: number;
  readonly object_id: string;
  readonly subject_relation: string;
}

/** The subject with any relation or with one (none, as '', is one), from the beginning or after a place. */
const FAMILY = ["any", "any_next", "one", "one_next"] as const;

/**
 * By tuple_subject, which has the order of the scan where object type and relation are fixed. The relation stands
 * between the two columns of the order, so it is repeated in the row comparison: the index goes straight to the place.
 */
const scanStatement = statementFamily<ScanArgs>()("scan_objects", FAMILY, (arg: Arg<ScanArgs>, member) => {
  const one = member.startsWith("one") ? sql`AND t.subject_relation = n.subject_relation` : sql``;
  const after = member.endsWith("next")
    ? sql`AND (t.object_id, t.relation, t.subject_relation) > (n.after_id, n.relation, n.after_relation)`
    : sql``;
  return sql<ObjectRow>`SELECT n.scan, f.* FROM unnest(
      ${arg("scan")}::int[], ${arg("subjectType")}::text[], ${arg("subjectId")}::text[], ${arg("subjectRelation")}::text[],
      ${arg("objectType")}::text[], ${arg("relation")}::text[], ${arg("afterId")}::text[], ${arg("afterRelation")}::text[]
    ) AS n (scan, subject_type, subject_id, subject_relation, object_type, relation, after_id, after_relation)
    CROSS JOIN LATERAL (SELECT t.object_id, t.subject_relation, ${TRAITS} FROM relata.tuple t
      WHERE ${visible(arg)} AND t.subject_type = n.subject_type AND t.subject_id = n.subject_id
        AND t.object_type = n.object_type AND t.relation = n.relation AND ${BY_SUBJECT} ${one} ${after}
      ORDER BY t.object_id, t.subject_relation
      LIMIT ${arg("limit")}) f LIMIT ${arg("maxRows")}`.compile(sqlBuilder);
});

/** The scans as statements, one for each shape that occurs. @param maxRows of each statement */
export function bindObjectScans(
  at: VisibleArgs,
  scans: readonly ObjectScan[],
  limit: number,
  maxRows: number,
): readonly Bound<ObjectRow>[] {
  const indexed = scans.map((scan, index) => ({ scan, index }));
  return [...Map.groupBy(indexed, ({ scan }) => memberOf(scan))].map(([member, group]) =>
    scanStatement(member)({
      ...at,
      limit,
      maxRows,
      scan: group.map(({ index }) => index),
      subjectType: group.map(({ scan }) => scan.subjectType),
      subjectId: group.map(({ scan }) => scan.subjectId),
      subjectRelation: group.map(({ scan }) => scan.subjectRelation ?? ""),
      objectType: group.map(({ scan }) => scan.objectType),
      relation: group.map(({ scan }) => scan.relation),
      afterId: group.map(({ scan }) => scan.after?.objectId ?? ""),
      afterRelation: group.map(({ scan }) => scan.after?.subjectRelation ?? ""),
    }),
  );
}

function memberOf({ subjectRelation, after }: ObjectScan): (typeof FAMILY)[number] {
  const shape = subjectRelation === undefined ? "any" : "one";
  return after === undefined ? shape : `${shape}_next`;
}
