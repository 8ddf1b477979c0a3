import { sql } from "kysely";
import type { Precondition } from "../../model/store.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import { placeArgs } from "./heads.ts";
import { type Bound, sqlBuilder, statementFamily, timestamp, unexpired } from "./statement.ts";
import {
  BY_SUBJECT,
  fieldsOf,
  isBySubject,
  type KeyArrays,
  keyArrays,
  keyOf,
  LIVE,
  SHAPES,
  shapeOf,
} from "./tuple-columns.ts";

/** Index of a filter that matches. */
export interface Match {
  readonly index: number;
}

interface MatchArgs extends KeyArrays {
  readonly bucket: number;
  readonly tenantId: string;
  readonly now: string;
  readonly index: readonly number[];
}

/**
 * Which filters match a tuple that is live and has not expired. ORDER BY the key makes an index the cheapest way to the first one even where much
 * of the tenant matches; otherwise the planner may scan a partition that others share.
 */
const matchFilters = statementFamily<MatchArgs>()("match_filters", SHAPES, (arg, shape) => {
  const fields = fieldsOf(shape);
  const arrays = fields.map(([field]) => sql`, ${arg(field)}::text[]`);
  const names = fields.map(([, column]) => sql`, ${sql.ref(column)}`);
  const equalities = fields.map(([, column]) => sql` AND ${sql.ref(`t.${column}`)} = ${sql.ref(`f.${column}`)}`);
  const nothing = sql``;
  return sql<Match>`SELECT f.index FROM unnest(${arg("index")}::int[]${sql.join(arrays, nothing)})
      AS f (index${sql.join(names, nothing)})
    CROSS JOIN LATERAL (SELECT FROM relata.tuple t
      WHERE t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")} AND t.deleted_rev = ${LIVE}${sql.join(equalities, nothing)}
        AND ${unexpired(arg)}${isBySubject(shape) ? sql` AND ${BY_SUBJECT}` : nothing}
      ORDER BY ${keyOf("t")} LIMIT 1) hit`.compile(sqlBuilder);
});

/** One statement per shape of filter that occurs, at most 64 however many preconditions there are; usually one or two. */
export function lookUpPreconditions(
  place: TenantPlace,
  preconditions: readonly Precondition[],
  nowMs: number,
): readonly Bound<Match>[] {
  const indexed = preconditions.map(({ filter }, index) => ({ filter, index }));
  return [...Map.groupBy(indexed, ({ filter }) => shapeOf(filter))].map(([shape, group]) =>
    matchFilters(shape)({
      ...placeArgs(place),
      now: timestamp(nowMs),
      ...keyArrays(group.map(({ filter }) => filter)),
      index: group.map(({ index }) => index),
    }),
  );
}

export function matchedBy(answers: readonly (readonly Match[])[]): ReadonlySet<number> {
  return new Set(answers.flat().map(({ index }) => index));
}
