import type { StoredTuple, TupleBatch, TupleChange } from "../../src/model/change.ts";
import type { TupleKey } from "../../src/model/tuple.ts";

/** A batch read back as its own description says. */
export function decodeBatch({ count, bytes, bounds, traits }: TupleBatch): readonly StoredTuple[] {
  const decoder = new TextDecoder();
  return Array.from({ length: count }, (_, i) => {
    const field = (f: number) => decoder.decode(bytes.slice(bounds[12 * i + 2 * f], bounds[12 * i + 2 * f + 1]));
    return {
      objectType: field(0),
      objectId: field(1),
      relation: field(2),
      subjectType: field(3),
      subjectId: field(4),
      subjectRelation: field(5),
      ...traits.get(i),
    };
  });
}

export function keyText(key: TupleKey): string {
  const subject = `${key.subjectType}:${key.subjectId}${key.subjectRelation === "" ? "" : `#${key.subjectRelation}`}`;
  return `${key.objectType}:${key.objectId}#${key.relation}@${subject}`;
}

/** As tuples are written, with the context as it is stored. */
export function storedText(tuple: StoredTuple): string {
  const { caveat, expiresAtMs } = tuple;
  return [
    keyText(tuple),
    ...(caveat === undefined ? [] : [`[${caveat.name}:${caveat.contextJson}]`]),
    ...(expiresAtMs === undefined ? [] : [`[expiration:${new Date(expiresAtMs).toISOString()}]`]),
  ].join("");
}

export function changeText(change: TupleChange): string {
  return `${change.kind} ${change.kind === "put" ? storedText(change.tuple) : keyText(change.tuple)}`;
}
