import type { TupleChange } from "../model/change.ts";
import type { Found, Need } from "../model/need.ts";
import { WILDCARD_ID } from "../model/object.ts";
import type { TupleKey } from "../model/tuple.ts";

/*
 * What was read is kept in the parts that a change of one tuple invalidates: an exact tuple, the usersets of an
 * object#relation, its subjects of one type. Spaces cannot occur in names or ids, so parts share a key only when they
 * are the same.
 */

function keyOfExact(key: TupleKey): string {
  return `${placeOf(key)} ${key.subjectType} ${key.subjectId} ${key.subjectRelation}`;
}

function keyOfUsersets(key: Place): string {
  return placeOf(key);
}

function keyOfObjects(key: Place, subjectType: string): string {
  return `${placeOf(key)} ${subjectType}`;
}

export interface NeedPart {
  readonly key: string;
  /** Of `objects`: the type of subject that this part is about. */
  readonly subjectType: string | undefined;
}

export function partsOf(need: Need): readonly NeedPart[] {
  switch (need.kind) {
    case "exact":
      return [{ key: keyOfExact(need), subjectType: undefined }];
    case "usersets":
      return [{ key: keyOfUsersets(need), subjectType: undefined }];
    case "objects":
      return need.subjectTypes.map((subjectType) => ({ key: keyOfObjects(need, subjectType), subjectType }));
  }
}

/** The parts whose rows a change may have changed. */
export function keysOfChange({ tuple }: TupleChange): readonly string[] {
  const keys = [keyOfExact(tuple)];
  if (tuple.subjectRelation !== "") keys.push(keyOfUsersets(tuple));
  if (tuple.subjectId !== WILDCARD_ID) keys.push(keyOfObjects(tuple, tuple.subjectType));
  return keys;
}

/** What V8 needs for a part, about. 100,000 parts took 562 bytes each with no row, 663 with one, 1,359 with ten (ids of 16 bytes). */
export function bytesOfPart(key: string, rows: readonly Found[]): number {
  let bytes = 520 + key.length;
  for (const { subjectType, subjectId, subjectRelation, caveat } of rows) {
    bytes += 64 + subjectType.length + subjectId.length + subjectRelation.length;
    if (caveat !== undefined) bytes += 96 + caveat.name.length + caveat.contextJson.length;
  }
  return bytes;
}

type Place = Pick<TupleKey, "objectType" | "objectId" | "relation">;

function placeOf({ objectType, objectId, relation }: Place): string {
  return `${objectType} ${objectId} ${relation}`;
}
