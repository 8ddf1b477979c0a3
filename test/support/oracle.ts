import type { ObjectRef, SubjectRef } from "../../src/model/object.ts";
import type { Member, Rewrite, Schema } from "../../src/model/schema.ts";
import type { JsonObject, Tuple } from "../../src/model/tuple.ts";
import type { CaveatJudge, Verdict } from "./arbitrary-caveats.ts";
import { strataOf } from "./oracle-strata.ts";

/** Who is asked about, and under which circumstances: the oracle solves once for each. */
export interface Circumstances {
  readonly subject: SubjectRef;
  readonly context: JsonObject;
  readonly nowMs: number;
}

export interface OracleAnswer {
  readonly kind: "allowed" | "denied" | "conditional";
  /** Conditional: what is missing and matters, sorted. An upper bound where `cyclic`. */
  readonly missing: readonly string[];
  /** Conditional: some caveat that matters cannot be evaluated. */
  readonly failed: boolean;
  /** The way to what is missing meets itself. */
  readonly cyclic: boolean;
}

/**
 * The naive answer to Check, as plain as possible and sharing nothing with the engine: for one subject, the value of every
 * member of every object, by repeating all rules over all tuples until nothing changes, stratum by stratum; once for what
 * certainly holds, and once for what holds if every undecided caveat is taken in its favour.
 */
export interface Oracle {
  check(object: ObjectRef, member: string, circumstances: Circumstances): OracleAnswer;
  /** The first instant after now at which some tuple's end changes what `check` says; undefined: never. */
  firstChange(object: ObjectRef, member: string, circumstances: Circumstances): Change;
}

export interface Change {
  /** Allowed, denied or conditional becomes another. */
  readonly ofKind: number | undefined;
  /** Or only what is missing changes. */
  readonly ofAnything: number | undefined;
  /** What is missing is an upper bound now or before the kind changes: an engine that tells less sees other changes of it. */
  readonly vague: boolean;
}

export interface OracleWorld {
  readonly schema: Schema;
  readonly tuples: readonly Tuple[];
  /** Objects that no tuple names and that will be asked about. */
  readonly strangers: readonly ObjectRef[];
  readonly judge: CaveatJudge;
}

export function createOracle(world: OracleWorld): Oracle {
  const rules = { ...world, strata: strataOf(world.schema), byPlace: groupByPlace(world.tuples) };
  const ends = [...new Set(world.tuples.flatMap(({ expiresAtMs }) => expiresAtMs ?? []))].sort((a, b) => a - b);
  const solved = new Map<string, Solution>();
  const check = (object: ObjectRef, member: string, circumstances: Circumstances) => {
    const { subject, context, nowMs } = circumstances;
    // Between two ends nothing changes.
    const era = ends.filter((end) => end <= nowMs).length;
    const key = JSON.stringify([subject.type, subject.id, subject.relation, era, context]);
    const solution = solved.get(key) ?? new Solution(rules, circumstances);
    solved.set(key, solution);
    return solution.answer(object, member);
  };
  return {
    check,
    firstChange: (object, member, circumstances) => {
      const now = check(object, member, circumstances);
      const later = ends
        .filter((end) => end > circumstances.nowMs)
        .map((end) => ({ end, answer: check(object, member, { ...circumstances, nowMs: end }) }));
      const ofKind = later.find(({ answer }) => answer.kind !== now.kind)?.end;
      return {
        ofKind,
        ofAnything: later.find(({ answer }) => JSON.stringify(answer) !== JSON.stringify(now))?.end,
        vague: now.cyclic || later.some(({ end, answer }) => answer.cyclic && (ofKind === undefined || end < ofKind)),
      };
    },
  };
}

interface Rules extends OracleWorld {
  readonly strata: ReadonlyMap<Member, number>;
  readonly byPlace: ReadonlyMap<string, readonly Tuple[]>;
}

/** Taking undecided caveats for false, or for true; the other way round behind a subtraction. */
type Reading = "certainly" | "possibly";
const OTHER = { certainly: "possibly", possibly: "certainly" } as const;

type Value = "true" | "false" | "undecided";

/** Everything about one subject under its circumstances. */
class Solution {
  /** Every `type:id#member` that holds the subject. */
  readonly holds = { certainly: new Set<string>(), possibly: new Set<string>() };
  private readonly verdicts = new Map<Tuple, Verdict>();
  private readonly live = new Map<string, readonly Tuple[]>();
  private readonly rules: Rules;
  private readonly subject: SubjectRef;

  constructor(rules: Rules, { subject, context, nowMs }: Circumstances) {
    this.rules = rules;
    this.subject = subject;
    for (const [place, tuples] of rules.byPlace) {
      const alive = tuples.filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs);
      for (const tuple of alive) {
        const { caveat } = tuple;
        this.verdicts.set(tuple, caveat === undefined || rules.judge(caveat.name, caveat.context, context));
      }
      this.live.set(place, alive);
    }
    const last = Math.max(0, ...rules.strata.values());
    for (let stratum = 0; stratum <= last; stratum++) {
      this.saturate(stratum, "certainly");
      this.saturate(stratum, "possibly");
    }
  }

  private saturate(stratum: number, reading: Reading): void {
    const objects = objectsOf(this.rules, this.subject);
    const holds = this.holds[reading];
    for (let changed = true; changed; ) {
      changed = false;
      for (const object of objects) {
        for (const member of this.rules.schema.definitions.get(object.type)?.members.values() ?? []) {
          const key = `${object.type}:${object.id}#${member.name}`;
          if (this.rules.strata.get(member) !== stratum || holds.has(key)) continue;
          if (!this.isMember(object, member, reading)) continue;
          holds.add(key);
          changed = true;
        }
      }
    }
  }

  private isMember(object: ObjectRef, member: Member, reading: Reading): boolean {
    if (this.isSelf(object, member.name)) return true;
    if (member.kind === "permission") return this.evaluate(object, member.rewrite, reading);
    return this.tuplesOf(object, member.name).some(
      (tuple) => this.grants(tuple, reading) && this.leads(tuple, reading),
    );
  }

  private isSelf(object: ObjectRef, member: string): boolean {
    const { type, id, relation } = this.subject;
    return object.type === type && object.id === id && member === relation;
  }

  /** The tuple's own caveat. */
  private grants(tuple: Tuple, reading: Reading): boolean {
    const verdict = this.verdicts.get(tuple) ?? false;
    return verdict === true || (verdict !== false && reading === "possibly");
  }

  /** The subject is the tuple's, or in the tuple's group. */
  private leads(tuple: Tuple, reading: Reading): boolean {
    if (tuple.subjectRelation !== "") return this.holds[reading].has(leadOf(tuple));
    if (tuple.subjectType !== this.subject.type || this.subject.relation !== "") return false;
    return tuple.subjectId === this.subject.id || tuple.subjectId === "*";
  }

  private evaluate(object: ObjectRef, rewrite: Rewrite, reading: Reading): boolean {
    switch (rewrite.kind) {
      case "union":
        return rewrite.children.some((child) => this.evaluate(object, child, reading));
      case "intersection":
        return rewrite.children.every((child) => this.evaluate(object, child, reading));
      case "exclusion":
        return this.evaluate(object, rewrite.base, reading) && !this.evaluate(object, rewrite.subtract, OTHER[reading]);
      case "computed":
        return this.holds[reading].has(`${object.type}:${object.id}#${rewrite.member}`);
      case "arrow": {
        const tuples = this.tuplesOf(object, rewrite.tupleset);
        const holdsThrough = (tuple: Tuple) =>
          this.grants(tuple, reading) && this.holds[reading].has(targetOf(tuple, rewrite.target));
        return rewrite.quantifier === "any"
          ? tuples.some(holdsThrough)
          : tuples.length > 0 && tuples.every(holdsThrough);
      }
      case "nil":
        return false;
      case "self":
        return this.subject.type === object.type && this.subject.id === object.id && this.subject.relation === "";
    }
  }

  private tuplesOf(object: ObjectRef, relation: string): readonly Tuple[] {
    return this.live.get(`${object.type}:${object.id}#${relation}`) ?? [];
  }

  answer(object: ObjectRef, member: string): OracleAnswer {
    const value = this.valueOf(`${object.type}:${object.id}#${member}`);
    const reasons: Reasons = { names: new Set(), failed: false, cyclic: false, done: new Set(), open: new Set() };
    if (value === "undecided") this.collect(object, member, reasons);
    const kind = value === "true" ? "allowed" : value === "false" ? "denied" : "conditional";
    return { kind, missing: [...reasons.names].sort(), failed: reasons.failed, cyclic: reasons.cyclic };
  }

  private valueOf(key: string): Value {
    return this.holds.certainly.has(key) ? "true" : this.holds.possibly.has(key) ? "undecided" : "false";
  }

  /** Why a member is undecided: every undecided part of an undecided whole. */
  private collect(object: ObjectRef, name: string, reasons: Reasons): void {
    const key = `${object.type}:${object.id}#${name}`;
    if (reasons.open.has(key)) reasons.cyclic = true;
    if (reasons.done.has(key)) return;
    reasons.done.add(key);
    reasons.open.add(key);
    const member = this.rules.schema.definitions.get(object.type)?.members.get(name);
    if (member?.kind === "permission") this.collectRewrite(object, member.rewrite, reasons);
    if (member?.kind === "relation") {
      for (const tuple of this.tuplesOf(object, name)) {
        if (this.leads(tuple, "possibly")) this.collectTuple(tuple, tuple.subjectRelation, reasons);
      }
    }
    reasons.open.delete(key);
  }

  /** @param target what is asked of the tuple's object; empty for nothing */
  private collectTuple(tuple: Tuple, target: string, reasons: Reasons): void {
    const verdict = this.verdicts.get(tuple) ?? false;
    if (verdict === false) return;
    if (verdict !== true) {
      for (const name of verdict.names) reasons.names.add(name);
      if (verdict.failed) reasons.failed = true;
    }
    const lead = { type: tuple.subjectType, id: tuple.subjectId };
    if (target !== "" && this.valueOf(targetOf(tuple, target)) === "undecided") this.collect(lead, target, reasons);
  }

  private collectRewrite(object: ObjectRef, rewrite: Rewrite, reasons: Reasons): void {
    const isUndecided = this.evaluate(object, rewrite, "possibly") && !this.evaluate(object, rewrite, "certainly");
    if (!isUndecided) return;
    switch (rewrite.kind) {
      case "union":
      case "intersection":
        for (const child of rewrite.children) this.collectRewrite(object, child, reasons);
        return;
      case "exclusion":
        this.collectRewrite(object, rewrite.base, reasons);
        this.collectRewrite(object, rewrite.subtract, reasons);
        return;
      case "computed":
        this.collect(object, rewrite.member, reasons);
        return;
      case "arrow":
        for (const tuple of this.tuplesOf(object, rewrite.tupleset)) {
          if (this.holds.possibly.has(targetOf(tuple, rewrite.target))) {
            this.collectTuple(tuple, rewrite.target, reasons);
          }
        }
        return;
      case "nil":
      case "self":
        return;
    }
  }
}

interface Reasons {
  readonly names: Set<string>;
  failed: boolean;
  cyclic: boolean;
  readonly done: Set<string>;
  readonly open: Set<string>;
}

function leadOf(tuple: Tuple): string {
  return targetOf(tuple, tuple.subjectRelation);
}

function targetOf(tuple: Tuple, target: string): string {
  return `${tuple.subjectType}:${tuple.subjectId}#${target}`;
}

function groupByPlace(tuples: readonly Tuple[]): Map<string, Tuple[]> {
  const byPlace = new Map<string, Tuple[]>();
  for (const tuple of tuples) {
    const place = `${tuple.objectType}:${tuple.objectId}#${tuple.relation}`;
    byPlace.set(place, [...(byPlace.get(place) ?? []), tuple]);
  }
  return byPlace;
}

function objectsOf({ tuples, strangers }: Rules, subject: SubjectRef): readonly ObjectRef[] {
  const objects = new Map<string, ObjectRef>();
  const meet = (type: string, id: string) => objects.set(`${type}:${id}`, { type, id });
  meet(subject.type, subject.id);
  for (const stranger of strangers) meet(stranger.type, stranger.id);
  for (const tuple of tuples) {
    meet(tuple.objectType, tuple.objectId);
    meet(tuple.subjectType, tuple.subjectId);
  }
  return [...objects.values()];
}
