import type { ObjectRef } from "../../src/model/object.ts";
import type { JsonObject } from "../../src/model/tuple.ts";
import { scatter } from "./arithmetic.ts";
import type { KnownQuestion } from "./workload.ts";

/** A number below `below`, always the same for the same question and salt. */
export type Draw = (salt: number, below: number) => number;

/** Questions that have the same reason for their answer, which lies in how they are built. */
export interface Reason {
  readonly name: string;
  readonly allowed: boolean;
  /** How often it is asked among those of its answer. */
  readonly weight: number;
  ask(draw: Draw): Asked;
}

export interface Asked {
  readonly object: ObjectRef;
  readonly member: string;
  /** A user's id. */
  readonly user: string;
  /** Default 0. */
  readonly tenant?: number;
  /** What caveats are evaluated with. Default: nothing. */
  readonly context?: JsonObject;
}

/** Salts below are for reasons to draw with. */
const PICK = 1 << 20;

/** Asks allowed and denied by turns, each reason as often as it weighs. @param seed other questions for another */
export function asker(reasons: readonly Reason[], seed: number): (index: number) => KnownQuestion {
  const weighed = (allowed: boolean) =>
    reasons.filter((one) => one.allowed === allowed).flatMap((one) => Array<Reason>(one.weight).fill(one));
  const [yes, no] = [weighed(true), weighed(false)];
  return (index) => {
    const among = index % 2 === 0 ? yes : no;
    const reason = among[scatter(index, seed + PICK, among.length)] as Reason;
    const asked = reason.ask((salt, below) => scatter(index, seed + salt, below));
    return {
      question: { object: asked.object, member: asked.member, subject: { type: "user", id: asked.user, relation: "" } },
      allowed: reason.allowed,
      kind: reason.name,
      ...(asked.tenant !== undefined && { tenant: asked.tenant }),
      ...(asked.context !== undefined && { context: asked.context }),
    };
  };
}

/** What `changeQuestion` gives: a user, in tenant 0, whose right comes with the change. */
export function justWritten(object: ObjectRef, member: string, user: string): KnownQuestion {
  return {
    question: { object, member, subject: { type: "user", id: user, relation: "" } },
    allowed: true,
    kind: "just written",
  };
}
