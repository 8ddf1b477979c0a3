import type { TupleKey } from "../../src/model/tuple.ts";

/** What one would write without a thought for the cache: objects, strings and maps. Only to be compared with. */
interface PlainTuple {
  readonly object: PlainObject;
  readonly relation: string;
  readonly subject: PlainObject;
  readonly subjectRelation: string;
  readonly created: number;
  readonly deleted: number;
}

interface PlainObject {
  readonly type: string;
  readonly id: string;
  /** By relation, and by type and relation. */
  readonly subjects: Map<string, PlainTuple[]>;
  readonly objects: Map<string, PlainTuple[]>;
}

export class PlainGraph {
  readonly #objects = new Map<string, PlainObject>();
  readonly #tuples = new Map<string, PlainTuple>();

  add(key: TupleKey): void {
    const tuple = {
      object: this.#intern(key.objectType, key.objectId),
      relation: key.relation,
      subject: this.#intern(key.subjectType, key.subjectId),
      subjectRelation: key.subjectRelation,
      created: 1,
      deleted: Number.POSITIVE_INFINITY,
    };
    this.#tuples.set(textOf(key), tuple);
    append(tuple.object.subjects, key.relation, tuple);
    append(tuple.subject.objects, `${key.objectType} ${key.relation}`, tuple);
  }

  object(type: string, id: string): PlainObject | undefined {
    return this.#objects.get(`${type}:${id}`);
  }

  find(key: TupleKey): PlainTuple | undefined {
    return this.#tuples.get(textOf(key));
  }

  #intern(type: string, id: string): PlainObject {
    const name = `${type}:${id}`;
    let object = this.#objects.get(name);
    if (object === undefined) {
      object = { type, id, subjects: new Map(), objects: new Map() };
      this.#objects.set(name, object);
    }
    return object;
  }
}

function append(lists: Map<string, PlainTuple[]>, key: string, tuple: PlainTuple): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [tuple]);
  else list.push(tuple);
}

function textOf(k: TupleKey): string {
  return `${k.objectType}:${k.objectId}#${k.relation}@${k.subjectType}:${k.subjectId}#${k.subjectRelation}`;
}
