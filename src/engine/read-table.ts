import type { Found, Need } from "../model/need.ts";
import type { SubjectRef } from "../model/object.ts";
import type { Relation } from "../model/schema.ts";
import { isLive, UNSETTLED } from "./formula.ts";
import type { Frame, Node } from "./problem.ts";
import type { Arrow, Tupleset } from "./program.ts";

/** Something to know of the stored tuples, asked at most once in a run. */
export interface Read {
  readonly need: Need;
  /** Whoever expects the answer. */
  readers: Reader | undefined;
  /** Kept for those who come to the same read later. */
  answer: readonly Found[] | undefined;
  /** Nobody wanted it when its turn came. */
  parked: boolean;
}

/** A node that the answer feeds, in its own frame: the same tuple may hold in one and not in another. */
export interface Reader {
  readonly node: Node;
  readonly frame: Frame;
  /** For `objects`. */
  readonly arrow: Arrow | undefined;
  readonly negated: boolean;
  readonly next: Reader | undefined;
}

type NewReader = Omit<Reader, "next">;

/** The reads of a run: which are to be asked next, which wait for somebody to want them. */
export class ReadTable {
  /** A relation's tuples are read by one problem of each frame, so with a single frame there is nothing to look up. */
  readonly #internsRelations: boolean;
  readonly #arrows = new Map<Tupleset, Map<string, Read>>();
  readonly #relations = new Map<Relation, Map<string, Map<string, Read>>>();
  /** Not asked yet. */
  #fresh: Read[] = [];
  /** By the nodes that would bring them back. */
  readonly #parked = new Map<Node, Read[]>();

  /** @param internsRelations needed with several frames, and to find answers again */
  constructor(internsRelations: boolean) {
    this.#internsRelations = internsRelations;
  }

  /** @returns the answer if it is known already; otherwise the reader will get it */
  objects(tupleset: Tupleset, objectId: string, reader: NewReader): readonly Found[] | undefined {
    let byId = this.#arrows.get(tupleset);
    if (byId === undefined) {
      byId = new Map();
      this.#arrows.set(tupleset, byId);
    }
    let read = byId.get(objectId);
    if (read === undefined) {
      read = this.#add({ kind: "objects", ...tupleset, objectId });
      byId.set(objectId, read);
    }
    return this.#join(read, reader);
  }

  /** The object's subjects that have a relation. @returns as `objects` */
  usersets(relation: Relation, objectId: string, reader: NewReader): readonly Found[] | undefined {
    const read = this.#ofRelation(relation, objectId, undefined, () => ({
      kind: "usersets",
      objectType: relation.type,
      objectId,
      relation: relation.name,
    }));
    return this.#join(read, reader);
  }

  /** One tuple. @param subjectId may be `*` @returns as `objects` */
  exact(relation: Relation, objectId: string, subjectId: string, reader: NewReader): readonly Found[] | undefined {
    const { type: subjectType, relation: subjectRelation } = reader.frame.subject;
    const subject = { type: subjectType, id: subjectId, relation: subjectRelation };
    const read = this.#ofRelation(relation, objectId, subject, () => ({
      kind: "exact",
      objectType: relation.type,
      objectId,
      relation: relation.name,
      subjectType,
      subjectId,
      subjectRelation,
    }));
    return this.#join(read, reader);
  }

  /** What has been read of an arrow's objects, if it has. */
  objectsAnswer(tupleset: Tupleset, objectId: string): readonly Found[] | undefined {
    return this.#arrows.get(tupleset)?.get(objectId)?.answer;
  }

  /** What has been read of a relation, if it has: one tuple, or without `subject` those whose subjects have a relation. */
  relationAnswer(relation: Relation, objectId: string, subject?: SubjectRef): readonly Found[] | undefined {
    return this.#relations.get(relation)?.get(objectId)?.get(readKey(subject))?.answer;
  }

  /** Reads worth asking now: those that a live node expects. The others are parked. */
  takeFresh(): Read[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    const wanted: Read[] = [];
    for (const read of fresh) {
      if (isWanted(read)) wanted.push(read);
      else this.#park(read);
    }
    return wanted;
  }

  /** A node has become live: what it waited for is to be asked after all. */
  unpark(node: Node): void {
    const parked = this.#parked.get(node);
    if (parked === undefined) return;
    this.#parked.delete(node);
    for (const read of parked) this.#refresh(read);
  }

  #ofRelation(relation: Relation, objectId: string, subject: SubjectRef | undefined, need: () => Need): Read {
    if (!this.#internsRelations) return this.#add(need());
    let byId = this.#relations.get(relation);
    if (byId === undefined) {
      byId = new Map();
      this.#relations.set(relation, byId);
    }
    let byKey = byId.get(objectId);
    if (byKey === undefined) {
      byKey = new Map();
      byId.set(objectId, byKey);
    }
    const key = readKey(subject);
    let read = byKey.get(key);
    if (read === undefined) {
      read = this.#add(need());
      byKey.set(key, read);
    }
    return read;
  }

  #add(need: Need): Read {
    const read: Read = { need, readers: undefined, answer: undefined, parked: false };
    this.#fresh.push(read);
    return read;
  }

  #join(read: Read, { node, frame, arrow, negated }: NewReader): readonly Found[] | undefined {
    if (read.answer !== undefined) return read.answer;
    read.readers = { node, frame, arrow, negated, next: read.readers };
    this.#refresh(read);
    return undefined;
  }

  #park(read: Read): void {
    read.parked = true;
    for (let reader = read.readers; reader !== undefined; reader = reader.next) {
      const { node } = reader;
      if (node.value !== UNSETTLED) continue;
      const parked = this.#parked.get(node);
      if (parked === undefined) this.#parked.set(node, [read]);
      else parked.push(read);
    }
  }

  #refresh(read: Read): void {
    if (!read.parked) return;
    read.parked = false;
    this.#fresh.push(read);
  }
}

/** No name or id holds a space. */
function readKey(subject: SubjectRef | undefined): string {
  return subject === undefined ? "usersets" : `${subject.type} ${subject.id} ${subject.relation}`;
}

function isWanted(read: Read): boolean {
  for (let reader = read.readers; reader !== undefined; reader = reader.next) if (isLive(reader.node)) return true;
  return false;
}
