import type { TupleKey } from "../../src/model/tuple.ts";
import { scatter } from "../workloads/arithmetic.ts";

/** Keeps every so manieth tuple of a stream while it passes, in an order that tells nothing of where they lie. */
export function* sampling(
  tuples: Iterable<TupleKey>,
  total: number,
  wanted: number,
  into: TupleKey[],
): Iterable<TupleKey> {
  const every = Math.max(1, Math.floor(total / wanted));
  let index = 0;
  for (const tuple of tuples) {
    if (index++ % every === 0) into.push(tuple);
    yield tuple;
  }
  for (let i = into.length - 1; i > 0; i--) {
    const other = scatter(i, 17, i + 1);
    const [a, b] = [into[i] as TupleKey, into[other] as TupleKey];
    [into[i], into[other]] = [b, a];
  }
}
