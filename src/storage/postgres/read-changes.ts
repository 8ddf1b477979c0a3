import { sql } from "kysely";
import type { ChangePage, RevisionChanges, StoredTuple, TupleChange } from "../../model/change.ts";
import type { Revision } from "../../model/revision.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import type { TupleKey } from "../../model/tuple.ts";
import { tenantNotFound } from "../refusals.ts";
import { TRAITS, type TraitColumns, toTraits } from "./found-columns.ts";
import { placeArgs, type SelectedHead, tenantScope, toHead } from "./heads.ts";
import type { Reader } from "./read-lanes.ts";
import { type Arg, epochMs, sqlBuilder, statement } from "./statement.ts";
import { type KeyColumns, keyOf, LIVE, toKey } from "./tuple-columns.ts";
import { placesOf, whereItIs } from "./written-places.ts";

interface SinceArgs {
  readonly bucket: number;
  readonly tenantId: string;
  readonly after: number;
  readonly limit: number;
}

/*
 * The predicates of the partial indexes tuple_created and tuple_deleted, literally: the planner has to see them. Neither may
 * appear in a statement that looks for visible tuples.
 */
const created = (arg: Arg<SinceArgs>) => sql<boolean>`t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")}
    AND t.created_rev > 0 AND t.created_rev > ${arg("after")}`;
const deleted = (arg: Arg<SinceArgs>) => sql<boolean>`t.bucket = ${arg("bucket")} AND t.tenant_id = ${arg("tenantId")}
    AND t.deleted_rev < ${LIVE} AND t.deleted_rev > ${arg("after")}`;

/**
 * The last revision of the page: before the one that brings more than `limit` changes of either kind, but at least one. All
 * statements of the read work it out for themselves, in one snapshot, so there is no round trip in between.
 */
const pageEnd = (arg: Arg<SinceArgs>) => sql<number>`(SELECT greatest(${arg("after")}::bigint + 1, least(
      ${arg("after")}::bigint + ${arg("limit")}::bigint,
      (SELECT t.created_rev - 1 FROM relata.tuple t WHERE ${created(arg)} ORDER BY t.created_rev OFFSET ${arg("limit")} LIMIT 1),
      (SELECT t.deleted_rev - 1 FROM relata.tuple t WHERE ${deleted(arg)} ORDER BY t.deleted_rev OFFSET ${arg("limit")} LIMIT 1))))`;

interface RevisionRow extends SelectedHead {
  /** The tenant's newest revision. */
  readonly newest: number;
  readonly bucket: number;
  readonly mirror_bucket: number | null;
}

/** `after` itself, if it is there, and the revisions of the page; a row of nulls beside the head when there are none. */
const readRevisions = statement<SinceArgs>()("revisions_since", (arg) =>
  sql<
    RevisionRow | (Omit<RevisionRow, keyof SelectedHead> & Record<keyof SelectedHead, null>)
  >`SELECT h.revision AS newest, h.bucket, h.mirror_bucket,
      r.revision, r.schema_name, r.schema_version, ${epochMs("r.committed_at")} AS committed_at_ms
    FROM relata.tenant_head h
    LEFT JOIN relata.revision r ON r.bucket = ${arg("bucket")} AND r.tenant_id = ${arg("tenantId")}
      AND r.revision >= ${arg("after")} AND r.revision <= ${pageEnd(arg)}
    WHERE h.tenant_id = ${arg("tenantId")}
    ORDER BY r.revision`.compile(sqlBuilder),
);

interface EndedRow extends KeyColumns {
  /** The revision that did it. */
  readonly at: number;
}

interface BegunRow extends EndedRow, TraitColumns {}

const readCreated = statement<SinceArgs>()("created_since", (arg) =>
  sql<BegunRow>`SELECT t.created_rev AS at, ${keyOf("t")}, ${TRAITS} FROM relata.tuple t
    WHERE ${created(arg)} AND t.created_rev <= ${pageEnd(arg)} ORDER BY t.created_rev`.compile(sqlBuilder),
);

const readDeleted = statement<SinceArgs>()("deleted_since", (arg) =>
  sql<EndedRow>`SELECT t.deleted_rev AS at, ${keyOf("t")} FROM relata.tuple t
    WHERE ${deleted(arg)} AND t.deleted_rev <= ${pageEnd(arg)} ORDER BY t.deleted_rev`.compile(sqlBuilder),
);

/** One round trip, one snapshot; two where the tenant has been moved and whoever asks has not heard. */
export function readSince(
  lanes: Reader,
  place: TenantPlace,
  after: Revision,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<ChangePage> {
  return whereItIs(place, (at) => readSinceAt(lanes, at, after, limit, signal));
}

async function readSinceAt(
  lanes: Reader,
  place: TenantPlace,
  after: Revision,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<ChangePage> {
  const args = { ...placeArgs(place), after, limit };
  const statements = [readRevisions(args), readCreated(args), readDeleted(args)] as const;
  const [rows, begun, ended] = await lanes.read(tenantScope(place), statements, signal);
  const [first] = rows;
  if (first === undefined) throw tenantNotFound();
  // Elsewhere a page would say that nothing happened.
  placesOf(first, place);
  const { newest } = first;
  const heads = rows.filter((row): row is RevisionRow => row.revision !== null).map(toHead);
  const base = heads[0]?.revision === after ? heads[0] : undefined;
  // Without its base a page proves nothing: what followed may have been collected in part.
  if (base === undefined) return { base, revisions: [], complete: after >= newest };
  const changes = changesByRevision(begun, ended);
  const revisions: readonly RevisionChanges[] = heads
    .slice(1)
    .map((head) => ({ head, changes: changes.get(head.revision) ?? [] }));
  return { base, revisions, complete: after + revisions.length >= newest };
}

/**
 * A tuple that ended and began in one revision was replaced: its `put` stands alone. Keys are compared only where a revision
 * has both, since texts of them cost more than all the rest: 10,000 changes at once kept the thread for 16 ms.
 */
function changesByRevision(
  begun: readonly BegunRow[],
  ended: readonly EndedRow[],
): ReadonlyMap<Revision, readonly TupleChange[]> {
  const changes = new Map<Revision, TupleChange[]>();
  const of = (revision: Revision): TupleChange[] => {
    const known = changes.get(revision);
    if (known !== undefined) return known;
    const added: TupleChange[] = [];
    changes.set(revision, added);
    return added;
  };
  for (const row of begun)
    of(row.at).push({ kind: "put", tuple: { ...toKey(row), ...toTraits(row) } satisfies StoredTuple });
  const replaced = new Map(
    [...changes].map(([revision, puts]) => [revision, { puts, keys: undefined as Set<string> | undefined }]),
  );
  for (const row of ended) {
    const both = replaced.get(row.at);
    if (both !== undefined) both.keys ??= new Set(both.puts.map(({ tuple }) => keyText(tuple)));
    if (both?.keys?.has(keyText(toKey(row))) !== true) of(row.at).push({ kind: "remove", tuple: toKey(row) });
  }
  return changes;
}

function keyText(key: TupleKey): string {
  return `${key.objectType}\0${key.objectId}\0${key.relation}\0${key.subjectType}\0${key.subjectId}\0${key.subjectRelation}`;
}
