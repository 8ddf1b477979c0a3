import type { RelataError } from "../errors.ts";
import type { CaveatResult } from "../model/caveat.ts";
import type { FoundCaveat, FoundTraits } from "../model/need.ts";
import type { Schema } from "../model/schema.ts";
import type { JsonObject } from "../model/tuple.ts";
import type { Value } from "./formula.ts";
import { CONDITIONAL, FALSE, TRUE } from "./formula.ts";

/** What a tuple's caveat and expiry make of it, for one request context at one instant. */
export interface Judged {
  readonly value: Value;
  /** The tuple ends by itself then. Absent for one that has ended already: nothing changes for it any more. */
  readonly expiresAtMs?: number;
  /** CONDITIONAL for want of these parameters, sorted. */
  readonly missing?: readonly string[];
  /** CONDITIONAL since the caveat cannot be evaluated: where its value does not matter, neither does this. */
  readonly failure?: RelataError;
}

export interface TraitJudge {
  /** The instant of the request, milliseconds since the epoch. */
  readonly nowMs: number;
  readonly context: JsonObject;
  /** Expired is FALSE; where that differs from a tuple that is not there at all (`.all`), ask `isExpired` first. */
  judge(traits: FoundTraits): Judged;
  isExpired(traits: FoundTraits): boolean;
  evaluate(caveat: FoundCaveat): CaveatResult;
}

const HOLDS: Judged = { value: TRUE };
const FAILS: Judged = { value: FALSE };

/**
 * Of written contexts, as characters: results are kept for so many. A lookup's judge sees every tuple of a stream, and each
 * of a million may carry a context of its own.
 */
const MAX_KEPT = 2_000_000;
/** Stands for what is kept beside the text. */
const ENTRY = 100;

/**
 * A caveat with the same written context is evaluated once, as long as it is kept; the text as stored is the key, so no
 * two can be mixed up.
 */
export function createTraitJudge(schema: Schema, context: JsonObject, nowMs: number): TraitJudge {
  const results = new Map<string, Map<string, CaveatResult>>();
  const judged = new WeakMap<CaveatResult, Judged>();
  let kept = 0;

  const keep = (name: string, contextJson: string, result: CaveatResult) => {
    kept += contextJson.length + ENTRY;
    if (kept > MAX_KEPT) {
      results.clear();
      kept = 0;
    }
    const byContext = results.get(name);
    if (byContext === undefined) results.set(name, new Map([[contextJson, result]]));
    else byContext.set(contextJson, result);
  };

  const evaluate = ({ name, contextJson }: FoundCaveat): CaveatResult => {
    const known = results.get(name)?.get(contextJson);
    if (known !== undefined) return known;
    const caveat = schema.caveats.get(name);
    if (caveat === undefined) throw new Error(`a tuple carries caveat ${name}, which the schema does not have`);
    const result = caveat.program.evaluate(JSON.parse(contextJson) as JsonObject, context);
    keep(name, contextJson, result);
    return result;
  };

  const judgeCaveat = (caveat: FoundCaveat): Judged => {
    const result = evaluate(caveat);
    let known = judged.get(result);
    if (known === undefined) {
      known = judgedOf(result);
      judged.set(result, known);
    }
    return known;
  };

  const isExpired = ({ expiresAtMs }: FoundTraits) => expiresAtMs !== undefined && expiresAtMs <= nowMs;

  return {
    nowMs,
    context,
    evaluate,
    isExpired,
    judge: (traits) => {
      const { caveat, expiresAtMs } = traits;
      if (isExpired(traits)) return FAILS;
      const byCaveat = caveat === undefined ? HOLDS : judgeCaveat(caveat);
      return expiresAtMs === undefined ? byCaveat : { ...byCaveat, expiresAtMs };
    },
  };
}

function judgedOf(result: CaveatResult): Judged {
  switch (result.kind) {
    case "true":
      return HOLDS;
    case "false":
      return FAILS;
    case "missing":
      return { value: CONDITIONAL, missing: result.names };
    case "failed":
      return { value: CONDITIONAL, failure: result.error };
  }
}
