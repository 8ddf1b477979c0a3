import { sql } from "kysely";
import type { TuplePageQuery } from "../../model/store.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import type { Tuple, TupleFilter, TupleKey } from "../../model/tuple.ts";
import { placeArgs, tenantScope } from "./heads.ts";
import type { Reader } from "./read-lanes.ts";
import { epochMs, sqlBuilder, statementFamily, timestamp, unexpired } from "./statement.ts";
import { BY_SUBJECT, fieldsOf, isBySubject, KEY, KEY_COLUMNS, SHAPES, shapeOf, toTuple } from "./tuple-columns.ts";

type FilterArgs = { readonly [Field in keyof TupleKey]: string };

interface PageArgs extends FilterArgs {
  readonly bucket: number;
  readonly tenantId: string;
  readonly revision: number;
  readonly now: string;
  readonly limit: number;
}

interface NextPageArgs extends PageArgs {
  readonly after_objectType: string;
  readonly after_objectId: string;
  readonly after_relation: string;
  readonly after_subjectType: string;
  readonly after_subjectId: string;
  readonly after_subjectRelation: string;
}

/** `110000`: a first page; `110000_next`: one that goes on after a key. */
const PAGES = SHAPES.flatMap((shape) => [shape, `${shape}_next`]);

/**
 * Keyset paging by a row comparison, in key order: the primary key serves it, or with the subject given tuple_subject,
 * whose remaining columns are in key order too. The comparison begins with the first column that the filter leaves open:
 * at a column with an equality of its own the index would start at the equality and walk all the way to the place.
 */
const tuplePage = statementFamily<NextPageArgs>()("tuple_page", PAGES, (arg, page) => {
  const [shape = "", next] = page.split("_");
  let query = sqlBuilder
    .selectFrom("relata.tuple as t")
    .select(["t.object_type", "t.object_id", "t.relation", "t.subject_type", "t.subject_id", "t.subject_relation"])
    .select(["t.caveat", sql<string | null>`t.caveat_context::text`.as("caveat_context")])
    .select(epochMs("t.expires_at").$castTo<number | null>().as("expires_at_ms"))
    .where("t.bucket", "=", arg("bucket"))
    .where("t.tenant_id", "=", arg("tenantId"))
    .where("t.created_rev", "<=", arg("revision"))
    .where("t.deleted_rev", ">", arg("revision"))
    .where(unexpired(arg));
  if (isBySubject(shape)) query = query.where(BY_SUBJECT);
  for (const [field, column] of fieldsOf(shape)) query = query.where(`t.${column}`, "=", arg(field));
  if (next !== undefined) {
    const open = KEY.slice(Math.min(shape.replace("1".repeat(6), "111110").indexOf("0"), 5));
    const columns = sql.join(open.map(([, column]) => sql.ref(`t.${column}`)));
    const after = sql.join(open.map(([field]) => sql`${arg(`after_${field}`)}`));
    query = query.where(sql<boolean>`(${columns}) > (${after})`);
  }
  for (const column of KEY_COLUMNS) query = query.orderBy(`t.${column}`);
  return query.limit(arg("limit")).compile();
});

/** One page, one round trip. On a connection of its own: a page may take long, and is cancelled when the caller leaves. */
export async function readPage(
  reader: Reader,
  place: TenantPlace,
  query: TuplePageQuery,
  signal: AbortSignal | undefined,
): Promise<readonly Tuple[]> {
  const shape = shapeOf(query.filter);
  const statement = tuplePage(query.after === undefined ? shape : `${shape}_next`);
  const bound = statement({
    ...placeArgs(place),
    revision: query.revision,
    now: query.nowMs === undefined ? "-infinity" : timestamp(query.nowMs),
    limit: query.limit,
    ...filled(query.filter),
    after_objectType: query.after?.objectType ?? "",
    after_objectId: query.after?.objectId ?? "",
    after_relation: query.after?.relation ?? "",
    after_subjectType: query.after?.subjectType ?? "",
    after_subjectId: query.after?.subjectId ?? "",
    after_subjectRelation: query.after?.subjectRelation ?? "",
  });
  const [rows] = await reader.read(tenantScope(place), [bound], signal);
  return rows.map(toTuple);
}

/** Fields that are not set have no place in the statement's text, so any value does. */
export function filled(filter: TupleFilter): FilterArgs {
  return {
    objectType: filter.objectType ?? "",
    objectId: filter.objectId ?? "",
    relation: filter.relation ?? "",
    subjectType: filter.subjectType ?? "",
    subjectId: filter.subjectId ?? "",
    subjectRelation: filter.subjectRelation ?? "",
  };
}
