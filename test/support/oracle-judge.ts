import { RelataError } from "../../src/errors.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { Change, OracleAnswer } from "./oracle.ts";

/** What the oracle says of one question: its answer, and when that will change. */
export interface Expected {
  readonly answer: OracleAnswer;
  readonly change: Change;
}

/**
 * What is wrong with an answer to a Check; undefined when nothing is.
 * @param expiry `exact`: the instant of the real change; `not_late`: it or an earlier one
 */
export function problemOf(
  given: Outcome | RelataError,
  { answer, change }: Expected,
  expiry: "exact" | "not_late",
): string | undefined {
  if (given instanceof RelataError) return problemOfError(given, answer);
  const { decision, expiresAtMs } = given;
  if (mustFail(answer)) return `a caveat that matters fails, and the answer is ${decision.kind}`;
  if (decision.kind !== answer.kind) return `${decision.kind} in place of ${answer.kind}`;
  if (decision.kind === "conditional") {
    const problem = problemOfMissing(decision.missing, answer);
    if (problem !== undefined) return problem;
  }
  return problemOfExpiry(expiresAtMs, change, expiry);
}

/** Whether the answer has to be an error. Around a cycle, what matters is an upper bound. */
export function mustFail({ kind, failed, missing, cyclic }: OracleAnswer): boolean {
  return kind === "conditional" && failed && (missing.length === 0 || !cyclic);
}

export function mayFail({ kind, failed }: OracleAnswer): boolean {
  return kind === "conditional" && failed;
}

const FAILURES: readonly string[] = ["CAVEAT_EVALUATION_FAILED", "INVALID_CAVEAT_CONTEXT"];

function problemOfError({ reason, message }: RelataError, answer: OracleAnswer): string | undefined {
  if (FAILURES.includes(reason) && mayFail(answer)) return undefined;
  return `error ${reason} (${message}) in place of ${answer.kind}`;
}

function problemOfMissing(given: readonly string[], { missing, cyclic }: OracleAnswer): string | undefined {
  const isExact = given.join() === missing.join();
  const isSubset = given.length > 0 && given.every((name) => missing.includes(name));
  return isExact || (cyclic && isSubset) ? undefined : `[${given}] is missing, in place of [${missing}]`;
}

export function problemOfExpiry(
  given: number | undefined,
  { ofKind, ofAnything, vague }: Change,
  expiry: "exact" | "not_late",
): string | undefined {
  const first = ofAnything ?? Number.POSITIVE_INFINITY;
  if (expiry === "not_late" || vague) {
    return (given ?? Number.POSITIVE_INFINITY) <= (ofKind ?? Number.POSITIVE_INFINITY)
      ? undefined
      : `said to hold until ${given}, and changes at ${first}`;
  }
  return given === ofKind || given === ofAnything
    ? undefined
    : `said to hold until ${given}, and changes at ${ofKind ?? ofAnything}`;
}
