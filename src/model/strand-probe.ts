import type { StrandProbe } from "./store.ts";
import type { Tuple } from "./tuple.ts";

/** Of a tuple that the probe's filter selects: is it one of those that the change would strand? */
export function isStranded(tuple: Tuple, { caveat, expiration, parameter, wildcard }: StrandProbe): boolean {
  return (
    (caveat === undefined || (tuple.caveat?.name ?? false) === caveat) &&
    (expiration === undefined || (tuple.expiresAtMs !== undefined) === expiration) &&
    (parameter === undefined || Object.hasOwn(tuple.caveat?.context ?? {}, parameter)) &&
    (wildcard !== false || tuple.subjectId !== "*")
  );
}
