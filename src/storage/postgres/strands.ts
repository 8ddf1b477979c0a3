import { sql } from "kysely";
import type { StrandProbe } from "../../model/store.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import { tupleIsStranded } from "../refusals.ts";
import { placeArgs } from "./heads.ts";
import { type Bound, epochMs, sqlBuilder, statementFamily } from "./statement.ts";
import {
  BY_SUBJECT,
  fieldsOf,
  isBySubject,
  type KeyArrays,
  keyArrays,
  keyOf,
  LIVE,
  type SelectedTuple,
  SHAPES,
  shapeOf,
  toTuple,
} from "./tuple-columns.ts";

interface StrandArgs extends KeyArrays {
  readonly bucket: number;
  readonly tenantId: string;
  readonly index: readonly number[];
  /** A caveat's name, '' for none, null for any. */
  readonly caveat: readonly (string | null)[];
  readonly expiration: readonly (boolean | null)[];
  readonly parameter: readonly (string | null)[];
  readonly wildcard: readonly boolean[];
}

type StrandRow = SelectedTuple & { readonly index: number };

/** For each probe the first live tuple in key order that it selects. */
const findStrands = statementFamily<StrandArgs>()("find_strands", SHAPES, (arg, shape) => {
  const fields = fieldsOf(shape);
  const arrays = fields.map(([field]) => sql`, ${arg(field)}::text[]`);
  const names = fields.map(([, column]) => sql`, ${sql.ref(column)}`);
  const equalities = fields.map(([, column]) => sql` AND ${sql.ref(`t.${column}`)} = ${sql.ref(`p.${column}`)}`);
  const nothing = sql``;
  return sql<StrandRow>`SELECT p.index, stranded.* FROM unnest(
      ${arg("index")}::int[], ${arg("caveat")}::text[], ${arg("expiration")}::bool[], ${arg("parameter")}::text[], ${arg("wildcard")}::bool[]${sql.join(arrays, nothing)})
      AS p (index, caveat, expiration, parameter, wildcard${sql.join(names, nothing)})
    CROSS JOIN LATERAL (SELECT ${keyOf("t")}, t.caveat, t.caveat_context::text AS caveat_context, ${epochMs("t.expires_at")} AS expires_at_ms
      FROM relata.tuple t
      WHERE t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")} AND t.deleted_rev = ${LIVE}${sql.join(equalities, nothing)}
        AND (p.caveat IS NULL OR coalesce(t.caveat, '') = p.caveat)
        AND (p.expiration IS NULL OR (t.expires_at IS NOT NULL) = p.expiration)
        AND (p.parameter IS NULL OR t.caveat_context -> p.parameter IS NOT NULL)
        AND (p.wildcard OR t.subject_id <> '*')${isBySubject(shape) ? sql` AND ${BY_SUBJECT}` : nothing}
      ORDER BY ${keyOf("t")} LIMIT 1) stranded`.compile(sqlBuilder);
});

/** One statement per shape of filter, as with preconditions. */
export function lookUpStrands(place: TenantPlace, probes: readonly StrandProbe[]): readonly Bound<StrandRow>[] {
  const indexed = probes.map((probe, index) => ({ probe, index }));
  return [...Map.groupBy(indexed, ({ probe }) => shapeOf(probe.filter))].map(([shape, group]) =>
    findStrands(shape)({
      ...placeArgs(place),
      ...keyArrays(group.map(({ probe }) => probe.filter)),
      index: group.map(({ index }) => index),
      caveat: group.map(({ probe: { caveat } }) => (caveat === undefined ? null : caveat === false ? "" : caveat)),
      expiration: group.map(({ probe }) => probe.expiration ?? null),
      parameter: group.map(({ probe }) => probe.parameter ?? null),
      wildcard: group.map(({ probe }) => probe.wildcard ?? true),
    }),
  );
}

/** @throws SCHEMA_STRANDS_TUPLES with the message of the first probe that found a tuple, and the tuple. */
export function requireNoStrands(probes: readonly StrandProbe[], found: readonly (readonly StrandRow[])[]): void {
  const [first] = found.flat().sort((a, b) => a.index - b.index);
  const message = first && probes[first.index]?.message;
  if (first === undefined || message === undefined) return;
  throw tupleIsStranded(message, toTuple(first));
}
