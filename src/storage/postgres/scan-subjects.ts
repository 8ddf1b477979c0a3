import { sql } from "kysely";
import { compareBytes } from "../../model/byte-order.ts";
import type { SubjectScan } from "../../model/need.ts";
import { type SubjectColumns, TRAITS, type VisibleArgs, visible } from "./found-columns.ts";
import { type Arg, type Bound, sqlBuilder, statementFamily } from "./statement.ts";

interface ScanArgs extends VisibleArgs {
  /** Rows per scan. */
  readonly limit: number;
  /** Rows in all. */
  readonly maxRows: number;
  readonly scan: readonly number[];
  readonly objectType: readonly string[];
  readonly objectId: readonly string[];
  readonly relation: readonly string[];
  readonly subjectType: readonly string[];
  readonly subjectRelation: readonly string[];
  readonly afterType: readonly string[];
  readonly afterId: readonly string[];
  readonly afterRelation: readonly string[];
}

interface SubjectRow extends SubjectColumns {
  /** Index of the scan. */
  readonly scan: number;
}

/** Which subjects: any; of one type; of one type without a relation; of one type with one. */
const SHAPES = ["any", "type", "plain", "userset"] as const;
type Shape = (typeof SHAPES)[number];

/**
 * What each shape adds. The row comparison never repeats a column that an equality fixes: the index would start at the
 * equality and walk to the place instead of going there. `<> ''` is the predicate of the partial index tuple_userset.
 */
const CONDITIONS = {
  any: sql``,
  type: sql`AND t.subject_type = n.subject_type`,
  plain: sql`AND t.subject_type = n.subject_type AND t.subject_relation = ''`,
  userset: sql`AND t.subject_type = n.subject_type AND t.subject_relation = n.subject_relation AND t.subject_relation <> ''`,
} as const satisfies Record<Shape, unknown>;
const AFTER = {
  any: sql`AND (t.subject_type, t.subject_id, t.subject_relation) > (n.after_type, n.after_id, n.after_relation)`,
  type: sql`AND (t.subject_id, t.subject_relation) > (n.after_id, n.after_relation)`,
  plain: sql`AND (t.subject_id, t.subject_relation) > (n.after_id, n.after_relation)`,
  userset: sql`AND (t.subject_id, t.subject_relation) > (n.after_id, n.after_relation)`,
} as const satisfies Record<Shape, unknown>;

/** `plain_next`: one that goes on after a subject. */
const FAMILY = SHAPES.flatMap((shape) => [shape, `${shape}_next`] as const);

/** Each scan is looked up by an index that has its order: it reads what it returns, however much there is beyond. */
const scanStatement = statementFamily<ScanArgs>()("scan_subjects", FAMILY, (arg: Arg<ScanArgs>, member) => {
  const [shape, next] = member.split("_") as [Shape, "next" | undefined];
  return sql<SubjectRow>`SELECT n.scan, f.* FROM unnest(
      ${arg("scan")}::int[], ${arg("objectType")}::text[], ${arg("objectId")}::text[], ${arg("relation")}::text[],
      ${arg("subjectType")}::text[], ${arg("subjectRelation")}::text[],
      ${arg("afterType")}::text[], ${arg("afterId")}::text[], ${arg("afterRelation")}::text[]
    ) AS n (scan, object_type, object_id, relation, subject_type, subject_relation, after_type, after_id, after_relation)
    CROSS JOIN LATERAL (SELECT t.subject_type, t.subject_id, t.subject_relation, ${TRAITS} FROM relata.tuple t
      WHERE ${visible(arg)} AND t.object_type = n.object_type AND t.object_id = n.object_id AND t.relation = n.relation
        ${CONDITIONS[shape]} ${next === undefined ? sql`` : AFTER[shape]}
      ORDER BY ${shape === "any" ? sql`t.subject_type, ` : sql``}t.subject_id, t.subject_relation
      LIMIT ${arg("limit")}) f LIMIT ${arg("maxRows")}`.compile(sqlBuilder);
});

/** The scans as statements, one for each shape that occurs. @param maxRows of each statement */
export function bindSubjectScans(
  at: VisibleArgs,
  scans: readonly SubjectScan[],
  limit: number,
  maxRows: number,
): readonly Bound<SubjectRow>[] {
  const indexed = scans.flatMap((scan, index) => {
    const rest = remaining(scan);
    return rest === undefined ? [] : [{ scan: rest, index }];
  });
  return [...Map.groupBy(indexed, ({ scan }) => memberOf(scan))].map(([member, group]) =>
    scanStatement(member)({
      ...at,
      limit,
      maxRows,
      scan: group.map(({ index }) => index),
      objectType: group.map(({ scan }) => scan.objectType),
      objectId: group.map(({ scan }) => scan.objectId),
      relation: group.map(({ scan }) => scan.relation),
      subjectType: group.map(({ scan }) => scan.subjectType ?? ""),
      subjectRelation: group.map(({ scan }) => scan.subjectRelation ?? ""),
      afterType: group.map(({ scan }) => scan.after?.subjectType ?? ""),
      afterId: group.map(({ scan }) => scan.after?.subjectId ?? ""),
      afterRelation: group.map(({ scan }) => scan.after?.subjectRelation ?? ""),
    }),
  );
}

/** A place before or behind all subjects of the wanted type is none to go on from. */
function remaining(scan: SubjectScan): SubjectScan | undefined {
  const { after, subjectType } = scan;
  if (after === undefined || subjectType === undefined || after.subjectType === subjectType) return scan;
  if (compareBytes(after.subjectType, subjectType) > 0) return undefined;
  const { after: _, ...fromTheBeginning } = scan;
  return fromTheBeginning;
}

function memberOf({ subjectType, subjectRelation, after }: SubjectScan): (typeof FAMILY)[number] {
  const shape = subjectType === undefined ? "any" : shapeOf(subjectRelation);
  return after === undefined ? shape : `${shape}_next`;
}

function shapeOf(subjectRelation: string | undefined): Shape {
  if (subjectRelation === undefined) return "type";
  return subjectRelation === "" ? "plain" : "userset";
}
