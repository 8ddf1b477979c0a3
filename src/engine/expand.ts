import type { Found, FoundTraits, SubjectScan } from "../model/need.ts";
import type { ObjectRef } from "../model/object.ts";
import type { Rewrite, Schema } from "../model/schema.ts";
import type { TreeNode, TreePart } from "../model/tree.ts";
import type { JsonObject, Tuple } from "../model/tuple.ts";
import type { EvaluationLimits } from "./limits.ts";
import { budgetExhausted } from "./limits.ts";
import { memberOf } from "./strata.ts";

export interface ExpandQuestion {
  readonly object: ObjectRef;
  readonly member: string;
  /** `one_level`: the member's own expression and its relations' tuples, and nothing they lead to. */
  readonly depth: "whole" | "one_level";
}

/** Where a page begins. */
export interface ExpandPlace {
  /** Of its first node. */
  readonly index: number;
  /** The list of tuples it begins in and the last one sent, where the pages before need not be read again for it. */
  readonly within?: { readonly list: number; readonly after: SubjectKey };
}

export interface ExpandOptions {
  /** Tuples that have expired by then are left out. All pages of a tree have the same, or the indices would not fit. */
  readonly nowMs: number;
  readonly from: ExpandPlace;
  /** Nodes of the page. */
  readonly limit: number;
  readonly limits: EvaluationLimits;
}

export interface ExpandRead {
  readonly scans: readonly SubjectScan[];
  /** Rows of each. */
  readonly limit: number;
}

type SubjectKey = Pick<Found, "subjectType" | "subjectId" | "subjectRelation">;

/** The tuples of a relation of an object, as they come: their nodes are parts of `parent`. */
interface TupleList {
  readonly scan: SubjectScan;
  readonly parent: number;
  /** Of an arrow: the member its tuples lead to. A relation's lead to their subject's. */
  readonly target: string | undefined;
  after: SubjectKey | undefined;
  rows: readonly Found[];
  /** The first of `rows` that has no node yet. */
  at: number;
  ended: boolean;
}

/** What is still to be turned into nodes of one member's expression. */
interface Pending {
  readonly parent: number;
  readonly subtracted: boolean;
  readonly part: Rewrite;
}

/** In one round trip, and rows of all of them together: a page needs at most 1,000. */
const MAX_SCANS = 256;
const MAX_BUFFERED = 8192;
const MIN_ROWS = 16;
const MAX_ROWS = 1024;

/**
 * The tree of one member of one object as a list of nodes, a page of it at a time. Expressions come in source order, and
 * at once; lists of tuples are queued and worked off first in first out, each in key order. So the order is fixed by schema
 * and tuples alone, many lists are read in one round trip, and a page is a range of indices. A member met again is named
 * by the index it had: cycles end, and the tree is linear in the members and tuples it has.
 *
 * Memory is bounded by the page, the buffers above, and one number for each member met.
 */
export class Expansion {
  readonly #schema: Schema;
  readonly #oneLevel: boolean;
  readonly #options: ExpandOptions;
  readonly #end: number;
  readonly #met = new Map<number, Map<string, number>>();
  readonly #lists: (TupleList | undefined)[] = [];
  readonly #page: TreeNode[] = [];
  #head = 0;
  #index = 0;
  #members = 0;
  #rows = 0;
  #buffered = 0;
  #asked: TupleList[] = [];
  #read: ExpandRead | undefined;
  /** Of the page's last node, when it is a tuple. */
  #within: ExpandPlace["within"];

  constructor(schema: Schema, { object, member, depth }: ExpandQuestion, options: ExpandOptions) {
    const { from, limit } = options;
    this.#schema = schema;
    this.#oneLevel = depth === "one_level";
    this.#options = options;
    this.#end = from.index + limit;
    this.#addMember(0, object, member, false);
    if (from.within !== undefined) this.#skipTo(from.index, from.within);
    this.#run();
  }

  /** Undefined once the page is complete. */
  get read(): ExpandRead | undefined {
    return this.#read;
  }

  /** @throws BUDGET_EXHAUSTED above `maxNodes` or `maxRows` */
  feed(answers: readonly (readonly Found[])[]): void {
    const { read } = this;
    if (read === undefined || answers.length !== read.scans.length) throw new Error("one answer is due for each scan");
    this.#asked.forEach((list, index) => {
      const rows = answers[index] as readonly Found[];
      list.rows = rows;
      list.at = 0;
      list.after = rows.at(-1);
      list.ended = rows.length < read.limit;
      this.#buffered += rows.length;
    });
    this.#asked = [];
    this.#run();
  }

  get nodes(): readonly TreeNode[] {
    return this.#page;
  }

  /** Undefined when the page ends the tree. */
  get next(): ExpandPlace | undefined {
    if (this.#index <= this.#end) return undefined;
    return { index: this.#end, ...(this.#oneLevel && this.#within !== undefined ? { within: this.#within } : {}) };
  }

  #skipTo(index: number, { list, after }: NonNullable<ExpandPlace["within"]>): void {
    const at = this.#lists[list];
    if (at === undefined) throw new Error(`the expression has no list ${list}`);
    this.#lists.fill(undefined, 0, list);
    this.#head = list;
    this.#index = index;
    at.after = after;
  }

  /** Makes nodes of all that is known, until the page is full and one more node proves that there is a next one. */
  #run(): void {
    this.#read = undefined;
    while (this.#index <= this.#end) {
      const list = this.#lists[this.#head];
      if (list === undefined) return;
      const row = list.rows[list.at];
      if (row !== undefined) {
        list.at += 1;
        this.#buffered -= 1;
        this.#countRow();
        if (!this.#isExpired(row)) this.#addTuple(list, row);
      } else if (list.ended) {
        this.#lists[this.#head] = undefined;
        this.#head += 1;
      } else {
        this.#read = this.#nextRead();
        return;
      }
    }
  }

  /** The first list and as many of those behind it as the buffers have room for. */
  #nextRead(): ExpandRead {
    const most = Math.max(1, Math.min(MAX_SCANS, Math.floor((MAX_BUFFERED - this.#buffered) / MIN_ROWS)));
    const window = Math.min(this.#lists.length, this.#head + 4 * MAX_SCANS);
    for (let at = this.#head; at < window && this.#asked.length < most; at++) {
      const list = this.#lists[at] as TupleList;
      // Those behind the first that have been read already still hold rows, or have ended.
      if (list.at >= list.rows.length && !list.ended) this.#asked.push(list);
    }
    const share = Math.floor((MAX_BUFFERED - this.#buffered) / this.#asked.length);
    const wanted = Math.min(this.#end + 1 - this.#index, MAX_ROWS);
    const limit = Math.max(Math.min(wanted, share), MIN_ROWS);
    return { limit, scans: this.#asked.map(({ scan, after }) => (after === undefined ? scan : { ...scan, after })) };
  }

  /** Not those that were read ahead: whether a page fits the budget does not depend on how it is read. */
  #countRow(): void {
    if (this.#rows >= this.#options.limits.maxRows) throw budgetExhausted("rows", this.#options.limits.maxRows);
    this.#rows += 1;
  }

  #isExpired({ expiresAtMs }: FoundTraits): boolean {
    return expiresAtMs !== undefined && expiresAtMs <= this.#options.nowMs;
  }

  /** @returns its index */
  #add(parent: number, what: TreePart, subtracted: boolean): number {
    const index = this.#index;
    this.#index += 1;
    if (index >= this.#options.from.index && index < this.#end) {
      this.#page.push(subtracted ? { parent, what, subtracted } : { parent, what });
    }
    return index;
  }

  #addTuple(list: TupleList, row: Found): void {
    const index = this.#add(list.parent, { kind: "tuple", tuple: tupleOf(list.scan, row) }, false);
    if (this.#oneLevel) {
      if (index < this.#end) this.#within = { list: this.#head, after: keyOf(row) };
      return;
    }
    const member = list.target ?? row.subjectRelation;
    const exists = member !== "" && memberOf(this.#schema, row.subjectType, member) !== undefined;
    if (exists) this.#addMember(index, { type: row.subjectType, id: row.subjectId }, member, false);
  }

  /** The member with its expression: members of the same object that it names are expanded in their place. */
  #addMember(parent: number, object: ObjectRef, name: string, subtracted: boolean): void {
    const pending: Pending[] = [{ parent, subtracted, part: { kind: "computed", member: name } }];
    let isFirst = true;
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const children = this.#addPart(object, next, isFirst);
      isFirst = false;
      for (const child of children.toReversed()) pending.push(child);
    }
  }

  #addPart(object: ObjectRef, { parent, subtracted, part }: Pending, isFirst: boolean): readonly Pending[] {
    switch (part.kind) {
      case "computed":
        return this.#addNamed(object, part.member, { parent, subtracted, isFirst });
      case "arrow": {
        const { kind, quantifier, tupleset, target } = part;
        this.#addList(object, tupleset, this.#add(parent, { kind, quantifier, tupleset, target }, subtracted), target);
        return [];
      }
      case "self":
        this.#add(parent, { kind: "self", object }, subtracted);
        return [];
      case "union":
      case "intersection":
      case "exclusion":
      case "nil": {
        const index = this.#add(parent, { kind: part.kind }, subtracted);
        return partsOf(part).map((child) => ({ ...child, parent: index }));
      }
    }
  }

  #addNamed(
    object: ObjectRef,
    name: string,
    {
      parent,
      subtracted,
      isFirst,
    }: { readonly parent: number; readonly subtracted: boolean; readonly isFirst: boolean },
  ): readonly Pending[] {
    const member = memberOf(this.#schema, object.type, name);
    if (member === undefined) throw new Error(`the schema has no ${object.type}#${name}`);
    const sameAs = this.#met.get(member.id)?.get(object.id);
    if (sameAs !== undefined) {
      this.#add(parent, { kind: "member", object, member: name, sameAs }, subtracted);
      return [];
    }
    const index = this.#add(parent, { kind: "member", object, member: name }, subtracted);
    // Within one level a permission that the expression names is a name and nothing more.
    if (this.#oneLevel && !isFirst && member.kind === "permission") return [];
    this.#meet(member.id, object.id, index);
    if (member.kind === "permission") return [{ parent: index, subtracted: false, part: member.rewrite }];
    this.#addList(object, name, index, undefined);
    return [];
  }

  #addList(object: ObjectRef, relation: string, parent: number, target: string | undefined): void {
    const scan = { objectType: object.type, objectId: object.id, relation };
    this.#lists.push({ scan, parent, target, after: undefined, rows: [], at: 0, ended: false });
  }

  #meet(member: number, id: string, index: number): void {
    if (this.#members >= this.#options.limits.maxNodes) throw budgetExhausted("nodes", this.#options.limits.maxNodes);
    this.#members += 1;
    const byId = this.#met.get(member);
    if (byId === undefined) this.#met.set(member, new Map([[id, index]]));
    else byId.set(id, index);
  }
}

type Operation = Extract<Rewrite, { kind: "union" | "intersection" | "exclusion" | "nil" }>;

function partsOf(operation: Operation): readonly Pick<Pending, "part" | "subtracted">[] {
  switch (operation.kind) {
    case "union":
    case "intersection":
      return operation.children.map((part) => ({ part, subtracted: false }));
    case "exclusion":
      return [
        { part: operation.base, subtracted: false },
        { part: operation.subtract, subtracted: true },
      ];
    case "nil":
      return [];
  }
}

function keyOf({ subjectType, subjectId, subjectRelation }: Found): SubjectKey {
  return { subjectType, subjectId, subjectRelation };
}

function tupleOf({ objectType, objectId, relation }: SubjectScan, row: Found): Tuple {
  const { caveat, expiresAtMs } = row;
  return {
    objectType,
    objectId,
    relation,
    ...keyOf(row),
    ...(caveat && { caveat: { name: caveat.name, context: JSON.parse(caveat.contextJson) as JsonObject } }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
}
