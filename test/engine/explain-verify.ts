import type { ObjectRef } from "../../src/model/object.ts";
import type { Member, Permission, Relation, Rewrite, Schema } from "../../src/model/schema.ts";
import type { TreeNode, TreePart } from "../../src/model/tree.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { formatTuple, formatTupleKey } from "../../src/model/tuple-text.ts";
import type { Circumstances, Oracle } from "../support/oracle.ts";
import type { Reach } from "./explain-reach.ts";
import { reachOf } from "./explain-reach.ts";

/** What an explanation is held against. */
export interface Claims {
  readonly schema: Schema;
  /** What the request sees, expired tuples included. */
  readonly tuples: readonly Tuple[];
  readonly oracle: Oracle;
  readonly circumstances: Circumstances;
}

type Result = TreeNode["result"];

/**
 * Judges an explanation by itself: every part is one of the schema's, in its place; every tuple is there; every result
 * is the oracle's and follows from the parts shown; nothing that grants rests on itself.
 * @throws Error saying what is wrong
 */
export function verifyExplanation(nodes: readonly TreeNode[], claims: Claims): void {
  new Verifier(nodes, claims).verify();
}

class Verifier {
  readonly #nodes: readonly TreeNode[];
  readonly #claims: Claims;
  readonly #below: readonly (readonly number[])[];
  readonly #byKey: ReadonlyMap<string, Tuple>;
  readonly #reach: Reach;

  constructor(nodes: readonly TreeNode[], claims: Claims) {
    this.#nodes = nodes;
    this.#claims = claims;
    const below: number[][] = nodes.map(() => []);
    nodes.forEach(({ parent }, index) => {
      if (index === 0 ? parent !== 0 : parent >= index) throw new Error(`node ${index} comes before its parent`);
      if (index > 0) below[parent]?.push(index);
    });
    this.#below = below;
    this.#reach = reachOf(claims.schema, claims.circumstances.subject);
    this.#byKey = new Map(claims.tuples.map((tuple) => [formatTupleKey(tuple), tuple]));
  }

  verify(): void {
    if (this.#nodes[0]?.what.kind !== "member") throw new Error("the root is no member");
    this.#nodes.forEach((_, index) => {
      const { what } = this.#at(index);
      if (what.kind === "member") this.#member(index, what);
      if (what.kind === "no_tuple") this.#noTuple(index, what);
      if (what.kind === "tuple") this.#tuple(index, what);
    });
    this.#requireFounded();
  }

  #at(index: number): TreeNode {
    return this.#nodes[index] as TreeNode;
  }

  #parts(index: number): readonly number[] {
    return this.#below[index] ?? [];
  }

  #results(indexes: readonly number[]): readonly Result[] {
    return indexes.map((index) => this.#at(index).result);
  }

  #fail(index: number, problem: string): never {
    throw new Error(`node ${index}: ${problem}\n${JSON.stringify(this.#nodes, undefined, 1)}`);
  }

  /** Its result is the oracle's, and its one part is its expression, or its parts are its tuples. */
  #member(index: number, { object, member: name, sameAs }: Extract<TreePart, { kind: "member" }>): void {
    const { result } = this.#at(index);
    const { oracle, circumstances, schema } = this.#claims;
    const answer = oracle.check(object, name, circumstances);
    const failed = answer.kind === "conditional" && answer.failed;
    if (result === undefined ? !failed : result !== answer.kind) this.#fail(index, `the oracle says ${answer.kind}`);
    if (sameAs !== undefined) {
      const { what, result: earlier } = this.#at(sameAs);
      const same = what.kind === "member" && what.member === name && isSame(what.object, object);
      if (!same || sameAs >= index || what.sameAs !== undefined || earlier !== result)
        this.#fail(index, "is not the same");
      if (this.#parts(index).length > 0) this.#fail(index, "repeats its parts");
      return;
    }
    const { subject } = circumstances;
    const parts = this.#parts(index);
    if (isSame(object, subject) && name === subject.relation) {
      const self = parts.length === 1 && this.#at(parts[0] as number).what.kind === "self";
      if (result !== "allowed" || !self) this.#fail(index, "the self rule is not shown");
      return;
    }
    // Nothing was tried where nothing could help.
    if (parts.length === 0 && !this.#reach.member(object.type, name)) return;
    const member = schema.definitions.get(object.type)?.members.get(name) as Member;
    if (member.kind === "relation") this.#relation(index, member, object);
    else if (parts.length !== 1) this.#fail(index, "a permission has one expression");
    else this.#rewrite(parts[0] as number, member, object, member.rewrite);
  }

  #relation(index: number, relation: Relation, object: ObjectRef): void {
    for (const part of this.#parts(index)) {
      const { what } = this.#at(part);
      if (what.kind !== "tuple" && what.kind !== "no_tuple") this.#fail(part, "a relation has only tuples");
      if (!isOf(what.tuple, object, relation.name)) this.#fail(part, "the tuple is another's");
    }
    this.#any(index, this.#parts(index));
    if (this.#at(index).result !== "denied") return;
    const { subject } = this.#claims.circumstances;
    this.#requireAll(index, object, relation.name, (tuple) => {
      if (tuple.subjectRelation !== "") return { type: tuple.subjectType, member: tuple.subjectRelation };
      const named = tuple.subjectId === subject.id || tuple.subjectId === "*";
      return named && tuple.subjectType === subject.type && subject.relation === "" ? "subject" : undefined;
    });
  }

  /** Throws unless node and expression are alike, part by part, and the result follows from the parts. */
  #rewrite(index: number, owner: Permission, object: ObjectRef, rewrite: Rewrite): void {
    const { what, result } = this.#at(index);
    if (!this.#fits(index, object, rewrite)) this.#fail(index, `is not ${JSON.stringify(rewrite)}`);
    const parts = this.#parts(index);
    if (result === "denied" && parts.every((part) => this.#at(part).result === "denied")) {
      if (!this.#reach.rewrite(owner.type, rewrite)) return;
    }
    switch (rewrite.kind) {
      case "union":
        this.#any(index, parts);
        if (result === "denied" && parts.length !== rewrite.children.length)
          this.#fail(index, "leaves out what was tried");
        break;
      case "intersection":
        this.#all(index, this.#results(parts), rewrite.children.length);
        break;
      case "exclusion":
        this.#all(
          index,
          parts.map((part) =>
            this.#at(part).subtracted === true ? opposite(this.#at(part).result) : this.#at(part).result,
          ),
          2,
        );
        break;
      case "arrow":
        this.#arrow(index, object, rewrite);
        break;
      case "self": {
        const { subject } = this.#claims.circumstances;
        const isIt = isSame(object, subject) && subject.relation === "";
        if (result !== (isIt ? "allowed" : "denied")) this.#fail(index, `self is ${result}`);
        break;
      }
      case "nil":
        if (result !== "denied") this.#fail(index, "nil holds somebody");
        break;
      case "computed":
        break;
    }
    if (what.kind === "member") return;
    const children = childrenOf(rewrite);
    let next = 0;
    for (const part of parts) {
      while (next < children.length && !this.#fits(part, object, children[next] as Rewrite)) next += 1;
      const child = children[next];
      next += 1;
      if (child !== undefined) this.#rewrite(part, owner, object, child);
      else if (rewrite.kind !== "arrow") this.#fail(part, "is no part of the expression");
    }
  }

  #arrow(index: number, object: ObjectRef, rewrite: Extract<Rewrite, { kind: "arrow" }>): void {
    const { result } = this.#at(index);
    const parts = this.#parts(index);
    for (const part of parts) {
      const { what } = this.#at(part);
      if (what.kind !== "tuple" && what.kind !== "no_tuple") this.#fail(part, "an arrow has only tuples");
      if (!isOf(what.tuple, object, rewrite.tupleset)) this.#fail(part, "the tuple is another's");
    }
    const there = parts.filter((part) => this.#at(part).what.kind === "tuple");
    const standing = this.#standing(object, rewrite.tupleset);
    if (rewrite.quantifier === "any") this.#any(index, parts);
    else if (standing.length > 0) this.#all(index, this.#results(there), standing.length);
    else if (result !== "denied") this.#fail(index, "all of nothing is false");
    if (rewrite.quantifier === "any" && result === "denied") {
      this.#requireAll(index, object, rewrite.tupleset, ({ subjectType }) => ({
        type: subjectType,
        member: rewrite.target,
      }));
    }
  }

  /** The shape, some parts maybe left out; an operator inside an operator is told apart by its own parts. */
  #fits(index: number, object: ObjectRef, rewrite: Rewrite): boolean {
    const { what } = this.#at(index);
    if (rewrite.kind === "computed") {
      return what.kind === "member" && what.member === rewrite.member && isSame(what.object, object);
    }
    if (what.kind !== rewrite.kind) return false;
    if (what.kind === "arrow" && rewrite.kind === "arrow") {
      const { quantifier, tupleset, target } = rewrite;
      return what.quantifier === quantifier && what.tupleset === tupleset && what.target === target;
    }
    const children = childrenOf(rewrite);
    let next = 0;
    return this.#parts(index).every((part) => {
      while (next < children.length && !this.#fits(part, object, children[next] as Rewrite)) next += 1;
      const isSubtracted = rewrite.kind === "exclusion" && next === 1;
      next += 1;
      return next <= children.length && (this.#at(part).subtracted === true) === isSubtracted;
    });
  }

  /** Any of the parts would do. */
  #any(index: number, parts: readonly number[]): void {
    const results = this.#results(parts);
    const { result } = this.#at(index);
    if (result === "allowed" && (results.length !== 1 || results[0] !== "allowed"))
      this.#fail(index, "is not granted by one");
    if (result === "denied" && results.some((one) => one !== "denied")) this.#fail(index, "is not denied by all");
    if (result === "conditional" && (results.length === 0 || results.some((one) => one !== "conditional")))
      this.#fail(index, "has no condition");
  }

  /** @param count of the parts there are */
  #all(index: number, results: readonly Result[], count: number): void {
    const { result } = this.#at(index);
    const complete = results.length === count;
    if (result === "allowed" && !(complete && results.every((one) => one === "allowed")))
      this.#fail(index, "is not granted by all");
    if (result === "denied" && !results.includes("denied")) this.#fail(index, "is denied by none");
    if (result === "conditional" && !(complete && results.includes("conditional") && !results.includes("denied")))
      this.#fail(index, "has no condition");
  }

  /** Tuples of a place that have not expired. */
  #standing(object: ObjectRef, relation: string): readonly Tuple[] {
    const { tuples, circumstances } = this.#claims;
    return tuples.filter(
      (tuple) => isOf(tuple, object, relation) && (tuple.expiresAtMs ?? Infinity) > circumstances.nowMs,
    );
  }

  /** Of a denial nothing may be left out that could have granted, except what the oracle denies too. */
  #requireAll(
    index: number,
    object: ObjectRef,
    relation: string,
    leadsTo: (tuple: Tuple) => { readonly type: string; readonly member: string } | "subject" | undefined,
  ): void {
    const { schema, oracle, circumstances } = this.#claims;
    const shown = new Set(
      this.#parts(index).map((part) => {
        const { what } = this.#at(part);
        return what.kind === "tuple" || what.kind === "no_tuple" ? formatTupleKey(what.tuple) : "";
      }),
    );
    for (const tuple of this.#standing(object, relation)) {
      const target = leadsTo(tuple);
      if (target === undefined || shown.has(formatTupleKey(tuple))) continue;
      if (target !== "subject") {
        if (schema.definitions.get(target.type)?.members.has(target.member) !== true) continue;
        const there = { type: target.type, id: tuple.subjectId };
        if (oracle.check(there, target.member, circumstances).kind === "denied") continue;
      }
      this.#fail(index, `leaves out ${formatTuple(tuple)}`);
    }
  }

  #noTuple(index: number, { tuple, expired }: Extract<TreePart, { kind: "no_tuple" }>): void {
    const stored = this.#byKey.get(formatTupleKey(tuple));
    if (this.#at(index).result !== "denied") this.#fail(index, "no tuple denies");
    if (!expired && stored !== undefined) this.#fail(index, "it is there");
    const ended = stored?.expiresAtMs !== undefined && stored.expiresAtMs <= this.#claims.circumstances.nowMs;
    if (expired && !ended) this.#fail(index, "it has not expired");
  }

  #tuple(index: number, { tuple, caveat }: Extract<TreePart, { kind: "tuple" }>): void {
    const { schema, circumstances } = this.#claims;
    const stored = this.#byKey.get(formatTupleKey(tuple));
    if (stored === undefined || formatTuple(stored) !== formatTuple(tuple)) this.#fail(index, "it is not there");
    if ((tuple.expiresAtMs ?? Infinity) <= circumstances.nowMs) this.#fail(index, "it has expired");
    const parts: Result[] = [...this.#results(this.#parts(index))];
    const target = this.#at(this.#parts(index)[0] ?? index).what;
    if (
      parts.length > 0 &&
      (target.kind !== "member" || target.object.id !== tuple.subjectId || target.object.type !== tuple.subjectType)
    )
      this.#fail(index, "leads elsewhere");
    if (stored.caveat !== undefined) {
      const declared = schema.caveats.get(stored.caveat.name);
      const verdict = declared?.program.evaluate(stored.caveat.context, circumstances.context);
      if (caveat?.expression !== declared?.expression) this.#fail(index, "the caveat is another");
      if (JSON.stringify(caveat?.result) !== JSON.stringify(verdict))
        this.#fail(index, "the caveat came to something else");
      for (const [name, value] of Object.entries(caveat?.context ?? {})) {
        const given = stored.caveat.context[name] ?? circumstances.context[name];
        if (JSON.stringify(given) !== JSON.stringify(value)) this.#fail(index, `${name} was ${JSON.stringify(given)}`);
      }
      parts.push(
        verdict?.kind === "true"
          ? "allowed"
          : verdict?.kind === "false"
            ? "denied"
            : verdict?.kind === "missing"
              ? "conditional"
              : undefined,
      );
    }
    if (this.#isDeadEnd(index)) parts.push("denied");
    this.#all(index, parts, parts.length);
  }

  /** An arrow's tuple whose object's type has no such member. */
  #isDeadEnd(index: number): boolean {
    const { what, parent } = this.#at(index);
    const above = this.#at(parent).what;
    if (above.kind !== "arrow" || what.kind !== "tuple") return false;
    return this.#claims.schema.definitions.get(what.tuple.subjectType)?.members.has(above.target) !== true;
  }

  /** Follows what grants, `sameAs` included: it never comes back to where it was. */
  #requireFounded(): void {
    const state = new Uint8Array(this.#nodes.length);
    const visit = (index: number): void => {
      const { what, result, subtracted } = this.#at(index);
      if (state[index] === 2 || (index > 0 && (result !== "allowed" || subtracted === true))) return;
      if (state[index] === 1) this.#fail(index, "rests on itself");
      state[index] = 1;
      if (what.kind === "member" && what.sameAs !== undefined) visit(what.sameAs);
      for (const part of this.#parts(index)) visit(part);
      state[index] = 2;
    };
    this.#nodes.forEach((_, index) => {
      visit(index);
    });
  }
}

function childrenOf(rewrite: Rewrite): readonly Rewrite[] {
  if (rewrite.kind === "union" || rewrite.kind === "intersection") return rewrite.children;
  return rewrite.kind === "exclusion" ? [rewrite.base, rewrite.subtract] : [];
}

function opposite(result: Result): Result {
  return result === "allowed" ? "denied" : result === "denied" ? "allowed" : result;
}

function isOf(tuple: Tuple, object: ObjectRef, relation: string): boolean {
  return tuple.objectType === object.type && tuple.objectId === object.id && tuple.relation === relation;
}

function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.type === b.type && a.id === b.id;
}
