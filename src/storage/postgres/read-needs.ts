import { sql } from "kysely";
import type { Need } from "../../model/need.ts";
import { type SubjectColumns, TRAITS, type VisibleArgs, visible } from "./found-columns.ts";
import { type Arg, type Bound, sqlBuilder, statementFamily } from "./statement.ts";

interface ReadArgs extends VisibleArgs {
  /** One more than may be read: that row says "too many". */
  readonly limit: number;
  readonly exactNeed: readonly number[];
  readonly exactObjectType: readonly string[];
  readonly exactObjectId: readonly string[];
  readonly exactRelation: readonly string[];
  readonly exactSubjectType: readonly string[];
  readonly exactSubjectId: readonly string[];
  readonly exactSubjectRelation: readonly string[];
  readonly usersetsNeed: readonly number[];
  readonly usersetsObjectType: readonly string[];
  readonly usersetsObjectId: readonly string[];
  readonly usersetsRelation: readonly string[];
  readonly objectsNeed: readonly number[];
  readonly objectsObjectType: readonly string[];
  readonly objectsObjectId: readonly string[];
  readonly objectsRelation: readonly string[];
  readonly objectsSubjectType: readonly string[];
}

interface NeedRow extends SubjectColumns {
  /** Index of the need. */
  readonly need: number;
}

/**
 * One branch per kind of need. LIMIT inside each lateral part keeps the planner from turning the join around: it has
 * to look each need up by its index, however small the table or long the list. It also bounds what one need reads.
 */
const BRANCHES = {
  exact: (arg: Arg<ReadArgs>) => sql`SELECT n.need, f.* FROM unnest(
      ${arg("exactNeed")}::int[], ${arg("exactObjectType")}::text[], ${arg("exactObjectId")}::text[], ${arg("exactRelation")}::text[],
      ${arg("exactSubjectType")}::text[], ${arg("exactSubjectId")}::text[], ${arg("exactSubjectRelation")}::text[]
    ) AS n (need, object_type, object_id, relation, subject_type, subject_id, subject_relation)
    CROSS JOIN LATERAL (SELECT t.subject_type, t.subject_id, t.subject_relation, ${TRAITS} FROM relata.tuple t
      WHERE ${visible(arg)} AND t.object_type = n.object_type AND t.object_id = n.object_id AND t.relation = n.relation
        AND t.subject_type = n.subject_type AND t.subject_id = n.subject_id AND t.subject_relation = n.subject_relation
      LIMIT 1) f`,
  // subject_relation <> '' is the predicate of the partial index tuple_userset: plain members are never read.
  usersets: (arg: Arg<ReadArgs>) => sql`SELECT n.need, f.* FROM unnest(
      ${arg("usersetsNeed")}::int[], ${arg("usersetsObjectType")}::text[], ${arg("usersetsObjectId")}::text[], ${arg("usersetsRelation")}::text[]
    ) AS n (need, object_type, object_id, relation)
    CROSS JOIN LATERAL (SELECT t.subject_type, t.subject_id, t.subject_relation, ${TRAITS} FROM relata.tuple t
      WHERE ${visible(arg)} AND t.object_type = n.object_type AND t.object_id = n.object_id AND t.relation = n.relation
        AND t.subject_relation <> ''
      LIMIT ${arg("limit")}) f`,
  objects: (arg: Arg<ReadArgs>) => sql`SELECT n.need, f.* FROM unnest(
      ${arg("objectsNeed")}::int[], ${arg("objectsObjectType")}::text[], ${arg("objectsObjectId")}::text[], ${arg("objectsRelation")}::text[],
      ${arg("objectsSubjectType")}::text[]
    ) AS n (need, object_type, object_id, relation, subject_type)
    CROSS JOIN LATERAL (SELECT t.subject_type, t.subject_id, t.subject_relation, ${TRAITS} FROM relata.tuple t
      WHERE ${visible(arg)} AND t.object_type = n.object_type AND t.object_id = n.object_id AND t.relation = n.relation
        AND t.subject_type = n.subject_type AND t.subject_id <> '*'
      LIMIT ${arg("limit")}) f`,
} as const satisfies Record<Need["kind"], unknown>;

const KINDS = ["exact", "usersets", "objects"] as const satisfies readonly Need["kind"][];

const KIND_SETS: readonly string[] = ["100", "010", "001", "110", "101", "011", "111"];

/** One statement per set of kinds that occurs in a round: what is not asked is not planned either (0.1 ms a branch). */
const readNeeds = statementFamily<ReadArgs>()("read_needs", KIND_SETS, (arg, kinds) => {
  const branches = KINDS.filter((_, index) => kinds[index] === "1").map((kind) => BRANCHES[kind](arg));
  return sql<NeedRow>`${sql.join(branches, sql` UNION ALL `)} LIMIT ${arg("limit")}`.compile(sqlBuilder);
});

/** All needs as one statement, none when there is nothing to look up. @param limit of rows in all. */
export function bindNeeds(at: VisibleArgs, needs: readonly Need[], limit: number): readonly Bound<NeedRow>[] {
  const { kinds, ...lists } = collect(needs);
  return kinds === "000" ? [] : [readNeeds(kinds)({ ...at, limit, ...lists })];
}

/** The needs as columns, by kind; an `objects` need becomes a row for each of its subject types. */
function collect(needs: readonly Need[]) {
  const exact = needs.flatMap((need, index) => (need.kind === "exact" ? [{ ...need, index }] : []));
  const usersets = needs.flatMap((need, index) => (need.kind === "usersets" ? [{ ...need, index }] : []));
  const objects = needs.flatMap((need, index) =>
    need.kind === "objects"
      ? [...new Set(need.subjectTypes)].map((subjectType) => ({ ...need, subjectType, index }))
      : [],
  );
  return {
    kinds: [exact, usersets, objects].map((list) => (list.length === 0 ? "0" : "1")).join(""),
    exactNeed: exact.map((need) => need.index),
    exactObjectType: exact.map((need) => need.objectType),
    exactObjectId: exact.map((need) => need.objectId),
    exactRelation: exact.map((need) => need.relation),
    exactSubjectType: exact.map((need) => need.subjectType),
    exactSubjectId: exact.map((need) => need.subjectId),
    exactSubjectRelation: exact.map((need) => need.subjectRelation),
    usersetsNeed: usersets.map((need) => need.index),
    usersetsObjectType: usersets.map((need) => need.objectType),
    usersetsObjectId: usersets.map((need) => need.objectId),
    usersetsRelation: usersets.map((need) => need.relation),
    objectsNeed: objects.map((need) => need.index),
    objectsObjectType: objects.map((need) => need.objectType),
    objectsObjectId: objects.map((need) => need.objectId),
    objectsRelation: objects.map((need) => need.relation),
    objectsSubjectType: objects.map((need) => need.subjectType),
  };
}
