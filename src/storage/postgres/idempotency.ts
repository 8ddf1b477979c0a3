import { sql } from "kysely";
import type { Head } from "../../model/revision.ts";
import type { DeleteResult, Idempotency } from "../../model/store.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import { idempotencyKeyReused } from "../refusals.ts";
import { type Bound, sqlBuilder, statement, timestamp } from "./statement.ts";

export type Method = "write" | "delete";

/** What is stored and given again. A plain write leaves the last two at 0 and true. */
export type StoredAnswer = Omit<DeleteResult, "replayed">;

interface FirstAnswerRow {
  readonly method: Method;
  readonly request_hash: string;
  readonly answer: StoredAnswer;
}

const readFirstAnswer = statement<{ tenantId: string; key: string }>()("read_first_answer", (arg) =>
  sqlBuilder
    .selectFrom("relata.idempotency as i")
    .select(["i.method", "i.request_hash"])
    .select((eb) => eb.ref("i.answer").$castTo<StoredAnswer>().as("answer"))
    .where("i.tenant_id", "=", arg("tenantId"))
    .where("i.key", "=", arg("key"))
    .compile(),
);

interface KeepArgs {
  readonly tenantId: string;
  readonly key: string;
  readonly method: Method;
  readonly requestHash: string;
  readonly answer: string;
  readonly createdAt: string;
}

const insertFirstAnswer = statement<KeepArgs>()("insert_first_answer", (arg) =>
  sql`INSERT INTO relata.idempotency (tenant_id, key, method, request_hash, answer, created_at)
    VALUES (${arg("tenantId")}, ${arg("key")}, ${arg("method")}, ${arg("requestHash")}, ${arg("answer")}::json,
      ${arg("createdAt")})`.compile(sqlBuilder),
);

/** Sent behind the head's lock, so that of two concurrent retries the second sees what the first stored. */
export function lookUpFirstAnswer(
  place: TenantPlace,
  idempotency: Idempotency | undefined,
): readonly Bound<FirstAnswerRow>[] {
  return idempotency === undefined ? [] : [readFirstAnswer({ tenantId: place.id, key: idempotency.key })];
}

/** @returns the first answer when this is a retry. @throws IDEMPOTENCY_KEY_REUSED when it is another request. */
export function firstAnswer(
  answers: readonly (readonly FirstAnswerRow[])[],
  method: Method,
  idempotency: Idempotency | undefined,
): StoredAnswer | undefined {
  const row = answers[0]?.[0];
  if (row === undefined || idempotency === undefined) return undefined;
  if (row.method !== method || row.request_hash !== idempotency.requestHash)
    throw idempotencyKeyReused(idempotency.key);
  return row.answer;
}

export function keepAnswer(
  place: TenantPlace,
  method: Method,
  idempotency: Idempotency | undefined,
  answer: StoredAnswer,
): readonly Bound[] {
  if (idempotency === undefined) return [];
  const { key, requestHash } = idempotency;
  const createdAt = timestamp(answer.head.committedAtMs);
  return [
    insertFirstAnswer({ tenantId: place.id, key, method, requestHash, answer: JSON.stringify(answer), createdAt }),
  ];
}

export function plainAnswer(head: Head): StoredAnswer {
  return { head, deleted: 0, complete: true };
}
