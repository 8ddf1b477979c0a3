import type { StoredTuple, TupleBatch } from "../model/change.ts";
import type { FoundTraits } from "../model/need.ts";

const ENCODER = new TextEncoder();

/** Tuples that are at hand as strings, as a batch. */
export function encodeBatch(tuples: readonly StoredTuple[]): TupleBatch {
  const fields: Uint8Array[] = [];
  const bounds = new Uint32Array(tuples.length * 12);
  const traits = new Map<number, FoundTraits>();
  let end = 0;
  for (const [index, tuple] of tuples.entries()) {
    const { objectType, objectId, relation, subjectType, subjectId, subjectRelation, ...rest } = tuple;
    for (const [f, text] of [objectType, objectId, relation, subjectType, subjectId, subjectRelation].entries()) {
      const field = ENCODER.encode(text);
      fields.push(field);
      bounds[12 * index + 2 * f] = end;
      end += field.length;
      bounds[12 * index + 2 * f + 1] = end;
    }
    if (rest.caveat !== undefined || rest.expiresAtMs !== undefined) traits.set(index, rest);
  }
  const bytes = new Uint8Array(end);
  let at = 0;
  for (const field of fields) {
    bytes.set(field, at);
    at += field.length;
  }
  return { count: tuples.length, bytes, bounds, traits };
}
