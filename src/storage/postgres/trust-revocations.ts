import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { PLATFORM_CHAIN } from "../../model/audit.ts";
import type { ChangeOrigin } from "../../model/store.ts";
import type { RevocationPage, RevocationStore, StoredRevocation } from "../../model/trust-store.ts";
import { appendEvents, lockChain } from "./audit-append.ts";
import type { Reader } from "./read-lanes.ts";
import type { Scope } from "./scope.ts";
import type { Sessions } from "./sessions.ts";
import { type Bound, epochMs, sqlBuilder, statement, timestamp } from "./statement.ts";
import { bumpTrust } from "./trust-change.ts";

interface SelectedRevocation {
  readonly id: string;
  readonly issuer: string;
  readonly token_id: string | null;
  readonly subject: string | null;
  readonly issued_before_ms: number | null;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly reason: string;
  readonly obsolete_at_ms: number;
}

const COLUMNS = sql`r.id, r.issuer, r.token_id, r.subject, ${epochMs("r.issued_before")} AS issued_before_ms,
  ${epochMs("r.created_at")} AS created_at_ms, r.created_by, r.reason, ${epochMs("r.obsolete_at")} AS obsolete_at_ms`;

/** Row after row from a place on: the index goes straight there. Nothing before now is of interest. */
const selectPage = statement<{ afterMs: string; afterId: string; limit: number }>()("revocation_page", (arg) =>
  sql<SelectedRevocation>`SELECT ${COLUMNS} FROM relata.jwt_revocation r
    WHERE (r.obsolete_at, r.id) > (${arg("afterMs")}::timestamptz, ${arg("afterId")}::uuid)
    ORDER BY r.obsolete_at, r.id LIMIT ${arg("limit")}`.compile(sqlBuilder),
);

const selectById = statement<{ id: readonly string[] }>()("revocations_by_id", (arg) =>
  sql<SelectedRevocation>`SELECT ${COLUMNS} FROM unnest(${arg("id")}::uuid[]) AS k (id)
    CROSS JOIN LATERAL (SELECT * FROM relata.jwt_revocation r WHERE r.id = k.id LIMIT 1) r`.compile(sqlBuilder),
);

interface InsertArgs {
  readonly id: string;
  readonly issuer: string;
  readonly tokenId: string | null;
  readonly subject: string | null;
  readonly issuedBefore: string | null;
  readonly actor: string;
  readonly reason: string;
  readonly obsoleteAt: string;
}

const insertRevocation = statement<InsertArgs>()("insert_revocation", (arg) =>
  sql<{ readonly created_at_ms: number }>`INSERT INTO relata.jwt_revocation
      (id, issuer, token_id, subject, issued_before, created_at, created_by, reason, obsolete_at)
    VALUES (${arg("id")}, ${arg("issuer")}, ${arg("tokenId")}, ${arg("subject")}, ${arg("issuedBefore")}::timestamptz,
      clock_timestamp(), ${arg("actor")}, ${arg("reason")}, ${arg("obsoleteAt")}::timestamptz)
    RETURNING ${epochMs("created_at")} AS created_at_ms`.compile(sqlBuilder),
);

type NewRevocation = Omit<StoredRevocation, "id" | "createdAtMs" | "createdBy">;

/**
 * The last statements of a transaction of scope `registry` that makes a revocation with something else: what it revokes is
 * refused everywhere within the bound. Bumps the log of trust; announce it after the commit.
 */
export function revokeStatements(revocation: NewRevocation, actor: string) {
  const { issuer, what, reason, obsoleteAtMs } = revocation;
  const id = randomUUID();
  const insert = insertRevocation({
    id,
    issuer,
    tokenId: what.kind === "token" ? what.tokenId : null,
    subject: what.kind === "subject" ? what.subject : null,
    issuedBefore: what.kind === "subject" ? timestamp(what.issuedBeforeMs) : null,
    actor,
    reason,
    obsoleteAt: timestamp(obsoleteAtMs),
  });
  return { id, statements: [insert, bumpTrust("revocation", id)] as const };
}

/** One token, or one name that many tokens carry, for those whose issuer is relata itself. */
export function revokeTokenStatements(
  {
    issuer,
    tokenId,
    obsoleteAtMs,
  }: { readonly issuer: string; readonly tokenId: string; readonly obsoleteAtMs: number },
  { actor }: ChangeOrigin,
): readonly Bound[] {
  return revokeStatements({ issuer, what: { kind: "token", tokenId }, reason: "", obsoleteAtMs }, actor).statements;
}

/** @param announce tells the other processes, once the change is committed */
export function createRevocationStore(sessions: Sessions, announce: () => void): RevocationStore {
  const registry = { kind: "registry" } as const;
  return {
    async revoke(revocation, draft) {
      const { actor } = draft.origin;
      const { id, statements } = revokeStatements(revocation, actor);
      const stored = await sessions.transact(registry, async (transaction) => {
        const [chain] = await transaction.begin([lockChain(PLATFORM_CHAIN)]);
        const [insert, bump] = statements;
        const [[row]] = await transaction.commit([insert, ...appendEvents(chain, [draft]), bump]);
        return { ...revocation, id, createdAtMs: row?.created_at_ms ?? Number.NaN, createdBy: actor };
      });
      announce();
      return stored;
    },
    list: (page) => readRevocationPage(sessions, registry, page, undefined),
  };
}

/** Greater than every UUID that is made here. */
const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";

export async function readRevocationPage(
  reader: Reader,
  scope: Scope,
  { nowMs, after, limit }: RevocationPage,
  signal: AbortSignal | undefined,
): Promise<readonly StoredRevocation[]> {
  const isAhead = after !== undefined && after.obsoleteAtMs > nowMs;
  const place = isAhead
    ? { afterMs: timestamp(after.obsoleteAtMs), afterId: after.id }
    : { afterMs: timestamp(nowMs), afterId: LAST_ID };
  const [rows] = await reader.read(scope, [selectPage({ ...place, limit })], signal);
  return rows.map(toRevocation);
}

export async function readRevocationsById(
  lanes: Reader,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly StoredRevocation[]> {
  const [rows] = await lanes.read({ kind: "trust" }, [selectById({ id: ids })], signal);
  return rows.map(toRevocation);
}

function toRevocation(row: SelectedRevocation): StoredRevocation {
  const { id, issuer, reason, created_at_ms: createdAtMs, created_by: createdBy, obsolete_at_ms: obsoleteAtMs } = row;
  const what =
    row.token_id === null
      ? ({ kind: "subject", subject: row.subject ?? "", issuedBeforeMs: row.issued_before_ms ?? 0 } as const)
      : ({ kind: "token", tokenId: row.token_id } as const);
  return { id, issuer, what, reason, createdAtMs, createdBy, obsoleteAtMs };
}
