import type { ProvedSubject } from "../../auth/subject-prover.ts";
import type { JsonObject } from "../../model/tuple.ts";
import type { ProvedClient } from "./authenticate-client.ts";
import { OAuthError } from "./oauth-error.ts";
import { clientSubject } from "./record.ts";

/** Links of a chain of delegation that are kept; a longer one is refused. */
const MAX_LINKS = 4;
const MAX_NAME_LENGTH = 512;

/**
 * The claim `act` (RFC 8693 §4.1): who acts for the subject now, outermost, and inside it those who acted before, by the
 * subject token. Undefined where nobody but the subject is there.
 * @throws OAuthError invalid_request when the subject token says who may act and it is somebody else (§4.4)
 */
export function actorClaim(
  issuer: string,
  subject: ProvedSubject,
  actor: ProvedSubject | undefined,
  client: ProvedClient | undefined,
): JsonObject | undefined {
  const current =
    actor !== undefined
      ? { iss: actor.issuer, sub: actor.subject }
      : client !== undefined
        ? { iss: issuer, sub: clientSubject(client.client.clientId) }
        : undefined;
  requireMayAct(subject, current);
  const before = earlierActors(subject.claims.get("act"), 1);
  if (current === undefined) return before;
  return before === undefined ? current : { ...current, act: before };
}

function requireMayAct(subject: ProvedSubject, current: { readonly iss: string; readonly sub: string } | undefined) {
  const named = subject.claims.get("may_act");
  if (named === undefined) return;
  const { iss = subject.issuer, sub } = isRecord(named) ? named : {};
  if (current?.sub === sub && current?.iss === iss) return;
  throw new OAuthError("invalid_request", "the subject token names another party that may act for its subject");
}

/** Names alone: what else a foreign `act` says is of no use here. */
function earlierActors(value: unknown, depth: number): JsonObject | undefined {
  if (value === undefined) return undefined;
  const { iss, sub, act } = isRecord(value) && depth <= MAX_LINKS ? value : {};
  if (!isName(sub) || (iss !== undefined && !isName(iss))) {
    throw new OAuthError("invalid_request", "the claim act of the subject token cannot be kept");
  }
  const before = earlierActors(act, depth + 1);
  return { ...(isName(iss) && { iss }), sub, ...(before !== undefined && { act: before }) };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_NAME_LENGTH;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
