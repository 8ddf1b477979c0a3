import type { RelataError } from "../errors.ts";
import { unreachable } from "../errors.ts";
import type { Found, FoundTraits, Need } from "../model/need.ts";
import type { ObjectRef } from "../model/object.ts";
import { WILDCARD_ID } from "../model/object.ts";
import { ANY, FALSE, TRUE } from "./formula.ts";
import type { EvaluationLimits } from "./limits.ts";
import { budgetExhausted } from "./limits.ts";
import type { Plan, SubjectPlan } from "./plan.ts";
import { planForSubject } from "./plan.ts";
import type { Arrow, Instruction, RelationRead, Tupleset } from "./program.ts";
import type { SubjectKind } from "./reachability.ts";
import type { Place, Skeleton } from "./skeleton-answers.ts";
import { SkeletonAnswers } from "./skeleton-answers.ts";
import { memberOf } from "./strata.ts";
import type { TraitJudge } from "./traits.ts";

/**
 * Everything between a permission of an object and its possible subjects, but not the plain subjects themselves: whatever
 * a Check of any subject of one kind would look at. Works like a solver: `needs()`, `feed()`, until nothing is needed.
 *
 * Both sides of every operator are walked: who is only in the subtracted side matters too once a wildcard grants the rest.
 * Not followed are edges that lead nowhere for everyone: expired tuples, and those whose caveat is false.
 */
export class SkeletonWalk {
  readonly #plan: Plan;
  readonly #subjectType: string;
  readonly #subjectPlan: SubjectPlan;
  readonly #judge: TraitJudge;
  readonly #maxNodes: number;
  readonly #answers = new SkeletonAnswers();
  readonly #places = new Map<number, Map<string, Place>>();
  readonly #arrowReads = new Map<Tupleset, Map<string, ArrowRead>>();
  readonly #unexpanded: Place[] = [];
  readonly #leaves: Place[] = [];
  /** Places whose own id is a subject, where being it matters. */
  readonly #selves: { readonly place: Place; readonly sure: boolean }[] = [];
  /** Places that a wildcard tuple is in; `sure`: it holds for good. */
  readonly #wildcards: { readonly place: Place; readonly sure: boolean }[] = [];
  #needs: Need[] = [];
  #readers: Reader[] = [];
  #nodes = 0;
  #failure: RelataError | undefined;

  constructor(
    plan: Plan,
    question: { readonly object: ObjectRef; readonly member: string; readonly subject: SubjectKind },
    options: { readonly judge: TraitJudge; readonly limits: EvaluationLimits },
  ) {
    const { object, subject } = question;
    const member = memberOf(plan.schema, object.type, question.member);
    if (member === undefined) throw new Error(`the schema has no ${object.type}#${question.member}`);
    this.#plan = plan;
    this.#subjectType = subject.type;
    this.#subjectPlan = planForSubject(plan, subject.type, subject.relation);
    this.#judge = options.judge;
    this.#maxNodes = options.limits.maxNodes;
    const root = this.#place(member.id, object.id);
    if (root !== undefined) this.#makeCertain(root);
    this.#run();
  }

  get work(): { readonly nodes: number } {
    return { nodes: this.#nodes };
  }

  /** Everything to read now, in one round; empty at the end. */
  needs(): readonly Need[] {
    return this.#needs;
  }

  /** @throws BUDGET_EXHAUSTED above `maxNodes` */
  feed(answers: readonly (readonly Found[])[]): void {
    const [needs, readers] = [this.#needs, this.#readers];
    if (answers.length !== needs.length) throw new Error("one answer is due for each need");
    this.#needs = [];
    this.#readers = [];
    for (let i = 0; i < readers.length; i++) {
      const found = answers[i] as readonly Found[];
      this.#answers.keep(needs[i] as Need, found);
      this.#answer(readers[i] as Reader, found);
    }
    this.#run();
  }

  /** What was needed could not be had. */
  fail(error: RelataError): void {
    this.#failure ??= error;
    this.#needs = [];
  }

  /** @throws Error while there are needs; the error of `fail` */
  skeleton(): Skeleton {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#needs.length > 0) throw new Error("the skeleton is not complete yet");
    return this.#answers.skeleton({ leaves: this.#leaves, selves: this.#selves, wildcards: this.#wildcards });
  }

  /** Undefined where no subject of the kind can be. */
  #place(member: number, id: string): Place | undefined {
    if (this.#subjectPlan.programs[member] === undefined) return undefined;
    const known = this.#places.get(member)?.get(id);
    if (known !== undefined) return known;
    this.#count();
    const relation = this.#plan.schema.members[member];
    if (relation === undefined) throw new Error(`the schema has no member ${member}`);
    const place: Place = { member: relation, id, certain: false, sureEdges: [], above: [] };
    addNested(this.#places, member, id, place);
    this.#unexpanded.push(place);
    if (member === this.#subjectPlan.selfMember) this.#selves.push({ place, sure: true });
    return place;
  }

  #count(): void {
    if (this.#nodes >= this.#maxNodes) throw budgetExhausted("nodes", this.#maxNodes);
    this.#nodes += 1;
  }

  #run(): void {
    for (let place = this.#unexpanded.pop(); place !== undefined; place = this.#unexpanded.pop()) this.#expand(place);
  }

  #expand(place: Place): void {
    const program = this.#subjectPlan.programs[place.member.id];
    if (program === undefined) return;
    // By register: whether its being true makes the place's member true.
    const sure = [program.operator === ANY];
    for (const instruction of program.code) {
      const register = sure[instruction.register] === true;
      if (instruction.kind === "gate") {
        this.#count();
        sure.push(register && instruction.operator === ANY);
      } else {
        this.#addInput(place, instruction, register);
      }
    }
  }

  #addInput(place: Place, instruction: Exclude<Instruction, { kind: "gate" }>, register: boolean): void {
    switch (instruction.kind) {
      case "member":
        this.#connect(place, instruction.member, place.id, register && !instruction.negated, undefined);
        break;
      case "arrow":
        this.#readArrow(place, instruction.arrow, register && !instruction.negated);
        break;
      case "self":
        this.#selves.push({ place, sure: register && !instruction.negated });
        break;
      case "relation":
        for (const kind of instruction.reads) this.#readRelation(place, kind);
        break;
      default:
        unreachable(instruction);
    }
  }

  #connect(from: Place, member: number, id: string, sure: boolean, tuple: Found | undefined): void {
    const to = this.#place(member, id);
    if (to === undefined) return;
    to.above.push({ place: from, tuple });
    if (!sure) return;
    if (from.certain) this.#makeCertain(to);
    else from.sureEdges.push(to);
  }

  #makeCertain(first: Place): void {
    const pending = [first];
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      if (place.certain) continue;
      place.certain = true;
      for (const next of place.sureEdges.splice(0)) pending.push(next);
    }
  }

  #readRelation(place: Place, kind: RelationRead): void {
    if (kind === "exact") {
      this.#leaves.push(place);
      return;
    }
    const relation = { objectType: place.member.type, objectId: place.id, relation: place.member.name };
    if (kind === "usersets") {
      this.#ask({ kind: "usersets", ...relation }, { kind, place });
      return;
    }
    const wildcard = { subjectType: this.#subjectType, subjectId: WILDCARD_ID, subjectRelation: "" };
    this.#ask({ kind: "exact", ...relation, ...wildcard }, { kind, place });
  }

  #ask(need: Need, reader: Reader): void {
    this.#needs.push(need);
    this.#readers.push(reader);
  }

  #readArrow(place: Place, arrow: Arrow, sure: boolean): void {
    const { tupleset } = arrow;
    let read = this.#arrowReads.get(tupleset)?.get(place.id);
    if (read === undefined) {
      read = { kind: "objects", waiting: [], found: undefined };
      addNested(this.#arrowReads, tupleset, place.id, read);
      this.#ask({ kind: "objects", ...tupleset, objectId: place.id }, read);
    }
    if (read.found === undefined) read.waiting.push({ place, arrow, sure });
    else this.#follow(place, arrow, sure, read.found);
  }

  #answer(reader: Reader, found: readonly Found[]): void {
    switch (reader.kind) {
      case "objects":
        reader.found = found;
        for (const { place, arrow, sure } of reader.waiting.splice(0)) this.#follow(place, arrow, sure, found);
        break;
      case "usersets":
        this.#followUsersets(reader.place, found);
        break;
      case "wildcard":
        for (const tuple of found) {
          const { holds, sure } = this.#traitsOf(tuple);
          if (holds) this.#wildcards.push({ place: reader.place, sure });
        }
        break;
      default:
        unreachable(reader);
    }
  }

  #follow(place: Place, { targets }: Arrow, sureArrow: boolean, found: readonly Found[]): void {
    for (const tuple of found) {
      const target = targets.get(tuple.subjectType);
      const { holds, sure } = this.#traitsOf(tuple);
      if (target !== undefined && holds) this.#connect(place, target, tuple.subjectId, sureArrow && sure, undefined);
    }
  }

  #followUsersets(place: Place, found: readonly Found[]): void {
    for (const tuple of found) {
      const member = this.#subjectPlan.usersets.get(tuple.subjectType)?.get(tuple.subjectRelation);
      const { holds, sure } = this.#traitsOf(tuple);
      if (member !== undefined && holds) this.#connect(place, member, tuple.subjectId, sure, tuple);
    }
  }

  /** `holds`: it may hold for somebody. `sure`: it holds, and for good. */
  #traitsOf(traits: FoundTraits): { readonly holds: boolean; readonly sure: boolean } {
    const judged = this.#judge.judge(traits);
    return { holds: judged.value !== FALSE, sure: judged.value === TRUE && judged.expiresAtMs === undefined };
  }
}

/** An arrow's tuples of one object, read once for all arrows over the same relation. */
interface ArrowRead {
  readonly kind: "objects";
  readonly waiting: { readonly place: Place; readonly arrow: Arrow; readonly sure: boolean }[];
  found: readonly Found[] | undefined;
}

type Reader = ArrowRead | { readonly kind: "usersets" | "wildcard"; readonly place: Place };

function addNested<Key, Value>(maps: Map<Key, Map<string, Value>>, key: Key, id: string, value: Value): void {
  const byId = maps.get(key);
  if (byId === undefined) maps.set(key, new Map([[id, value]]));
  else byId.set(id, value);
}
