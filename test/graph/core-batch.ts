import type { StoredTuple, TupleBatch } from "../../src/model/change.ts";
import type { FoundTraits } from "../../src/model/need.ts";

/** Tuples as a snapshot brings them. */
export function batchOf(tuples: readonly StoredTuple[]): TupleBatch {
  const texts = tuples.flatMap((t) => [
    t.objectType,
    t.objectId,
    t.relation,
    t.subjectType,
    t.subjectId,
    t.subjectRelation,
  ]);
  const bounds = new Uint32Array(12 * tuples.length);
  let end = 0;
  texts.forEach((text, i) => {
    bounds[2 * i] = end;
    end += text.length;
    bounds[2 * i + 1] = end;
  });
  const traits = new Map<number, FoundTraits>();
  tuples.forEach(({ caveat, expiresAtMs }, i) => {
    if (caveat === undefined && expiresAtMs === undefined) return;
    traits.set(i, { ...(caveat !== undefined && { caveat }), ...(expiresAtMs !== undefined && { expiresAtMs }) });
  });
  return { count: tuples.length, bytes: new TextEncoder().encode(texts.join("")), bounds, traits };
}

export function headAt(revision: number) {
  return { revision, schemaName: "s", schemaVersion: 1, committedAtMs: 0 };
}
