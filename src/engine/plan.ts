import type { Schema } from "../model/schema.ts";
import type { Program, Tupleset } from "./program.ts";
import { createCompiler } from "./program.ts";
import type { Reachability } from "./reachability.ts";
import { reachability } from "./reachability.ts";
import type { Strata } from "./strata.ts";
import { memberOf, stratify } from "./strata.ts";

/** A schema prepared for evaluation. Made once per schema by `planSchema`. */
export interface Plan {
  readonly schema: Schema;
  readonly strata: Strata;
  /** Plans by subject kind, `user` or `group#member`; there are at most as many as the schema has types and members. */
  readonly bySubject: Map<string, SubjectPlan>;
  /** Shared by all subject plans, so that questions about different kinds of subjects share the reads of arrows. */
  readonly tuplesets: Map<string, Tupleset>;
}

/** What to do for one kind of subject: dead branches are gone. */
export interface SubjectPlan {
  /** By member id; undefined where a subject of this kind can never be a member. */
  readonly programs: readonly (Program | undefined)[];
  readonly reaches: Reachability;
  /** Userset type → its relation → member id, only those this kind of subject can reach. */
  readonly usersets: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** The member that holds the subject by the self rule (`group:a#member` is a member of itself); -1 for plain subjects. */
  readonly selfMember: number;
}

const PLANS = new WeakMap<Schema, Plan>();

export function planSchema(schema: Schema): Plan {
  let plan = PLANS.get(schema);
  if (plan === undefined) {
    plan = { schema, strata: stratify(schema), bySubject: new Map(), tuplesets: new Map() };
    PLANS.set(schema, plan);
  }
  return plan;
}

/** @throws Error when the schema has no such type or member: `validateQuestion` comes first */
export function planForSubject(plan: Plan, type: string, relation: string): SubjectPlan {
  const key = relation === "" ? type : `${type}#${relation}`;
  let subject = plan.bySubject.get(key);
  if (subject === undefined) {
    subject = buildSubjectPlan(plan, type, relation);
    plan.bySubject.set(key, subject);
  }
  return subject;
}

function buildSubjectPlan({ schema, strata, tuplesets }: Plan, type: string, relation: string): SubjectPlan {
  const selfMember = relation === "" ? -1 : memberOf(schema, type, relation)?.id;
  if (selfMember === undefined || !schema.definitions.has(type)) {
    throw new Error(`the schema has no subject ${type}${relation === "" ? "" : `#${relation}`}`);
  }
  const reaches = reachability(schema, strata, { type, relation });
  const compile = createCompiler(schema, { type, relation }, reaches, tuplesets);
  const programs = schema.members.map((member) => (reaches.member(member.id) ? compile(member) : undefined));
  const usersets = new Map<string, Map<string, number>>();
  for (const member of schema.members) {
    if (!reaches.member(member.id)) continue;
    const byRelation = usersets.get(member.type) ?? new Map<string, number>();
    usersets.set(member.type, byRelation.set(member.name, member.id));
  }
  return { programs, reaches, usersets, selfMember };
}
