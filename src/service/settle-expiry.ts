import type { CheckItem } from "../engine/solver.ts";
import { RelataError } from "../errors.ts";
import type { Decision, Outcome } from "../model/decision.ts";

/**
 * Each time is one more run. A decision whose expiring tuples pass more than this many instants without changing it
 * (one grant ends, another takes over, again and again) is told to change at the last instant that was looked at.
 */
const MAX_RUNS = 8;

/** An item whose decision is known to last until `atMs`. */
interface Pending {
  readonly index: number;
  readonly decision: Decision;
  readonly atMs: number;
}

/** Items to ask again, each at the instant it names; the answers come back. */
export type Settling = Generator<
  readonly Required<CheckItem>[],
  readonly (Outcome | RelataError)[],
  readonly (Outcome | RelataError)[]
>;

/**
 * Turns the solver's bounds into the instants at which decisions really change: an item is asked again at its bound, and
 * while the decision is the first one, at the next bound. Never later than the change, and exact unless MAX_RUNS or a
 * budget runs out.
 */
export function* settleExpiry(items: readonly CheckItem[], outcomes: readonly (Outcome | RelataError)[]): Settling {
  const settled = [...outcomes];
  let pending = outcomes.flatMap((outcome, index) => pendingOf(index, outcome));
  for (let run = 0; run < MAX_RUNS && pending.length > 0; run++) {
    const again = yield pending.map(({ index, atMs }) => ({ ...(items[index] as CheckItem), nowMs: atMs }));
    pending = pending.flatMap(({ index, decision, atMs }, at) => {
      const then = again[at];
      // An error is not the same decision either; if it is a budget, the bound is the best there is.
      if (then === undefined || then instanceof RelataError || !isSame(then.decision, decision)) return [];
      settled[index] = then.expiresAtMs === undefined ? { decision } : { decision, expiresAtMs: then.expiresAtMs };
      if (then.expiresAtMs !== undefined && then.expiresAtMs <= atMs) throw new Error("time does not pass");
      return pendingOf(index, settled[index]);
    });
  }
  return settled;
}

function pendingOf(index: number, outcome: Outcome | RelataError | undefined): readonly Pending[] {
  if (outcome === undefined || outcome instanceof RelataError || outcome.expiresAtMs === undefined) return [];
  return [{ index, decision: outcome.decision, atMs: outcome.expiresAtMs }];
}

/** Other missing names are another decision. */
function isSame(a: Decision, b: Decision): boolean {
  if (a.kind !== "conditional" || b.kind !== "conditional") return a.kind === b.kind;
  return a.missing.length === b.missing.length && a.missing.every((name, index) => name === b.missing[index]);
}
