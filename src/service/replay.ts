import { RelataError } from "../errors.ts";
import { isWriteConflict } from "./validated-write.ts";

/** No schema ever has this version: the store answers with the earlier result of an idempotency key, or WRITE_CONFLICT. */
export const NO_SCHEMA_VERSION = -1;

/** A retried request gets its first answer even where today's schema would refuse it. `replay` asks with NO_SCHEMA_VERSION. */
export async function replayOr<T>(error: unknown, idempotencyKey: string, replay: () => Promise<T>): Promise<T> {
  const mayHaveHappened = idempotencyKey !== "" && error instanceof RelataError && isRefusal(error);
  if (!mayHaveHappened) throw error;
  return replay().catch((second) => {
    throw isWriteConflict(second) ? error : second;
  });
}

function isRefusal(error: RelataError): boolean {
  return error.kind === "invalid_argument" || (error.kind === "failed_precondition" && !isPreconditionFailed(error));
}

function isPreconditionFailed(error: RelataError): boolean {
  return error.reason === "PRECONDITION_FAILED";
}
