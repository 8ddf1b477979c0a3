import type { Question } from "../../src/engine/solver.ts";
import { RelataError } from "../../src/errors.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { ObjectRef, SubjectRef } from "../../src/model/object.ts";
import { type Drained, drain } from "./lookup-pages.ts";
import type { Room } from "./room.ts";

/** Where a question is put, and with what. */
export type Desk = Pick<Room, "verbs" | "call" | "context" | "contextualTuples">;

/** Who may do `member` to which objects of a type? */
export interface Grants {
  readonly type: string;
  readonly member: string;
  readonly subject: SubjectRef;
}

/** Which kind of subject of which object is looked for. */
export interface Audience {
  readonly object: ObjectRef;
  readonly member: string;
  readonly subjectType: string;
  readonly subjectRelation: string;
}

export interface LookupOptions {
  readonly limit?: number;
  readonly cursor?: string;
  readonly candidateIds?: readonly string[];
  readonly countOnly?: boolean;
}

const FRESH = { kind: "fully_consistent" } as const;

export async function askCheck(
  { verbs, call, context, contextualTuples }: Desk,
  { object, member: permission, subject }: Question,
): Promise<Outcome | RelataError> {
  try {
    const request = { object, permission, subject, context, contextualTuples, explain: false, consistency: FRESH };
    return await verbs.check(call, request);
  } catch (error) {
    if (error instanceof RelataError) return error;
    throw error;
  }
}

export async function askBatch(
  { verbs, call, context, contextualTuples }: Desk,
  questions: readonly Question[],
): Promise<readonly (Outcome | RelataError)[]> {
  const items = questions.map(({ object, member: permission, subject }) => ({ object, permission, subject, context }));
  return (await verbs.batchCheck(call, { items, contextualTuples, consistency: FRESH })).results;
}

export function askResources(desk: Desk, grants: Grants, options: LookupOptions): Promise<Drained> {
  const { verbs, call, context, contextualTuples } = desk;
  const { type: objectType, member: permission, subject } = grants;
  const asked = { objectType, permission, subject, context, contextualTuples };
  return drain(verbs.lookupResources(call, { ...asked, ...pageOf(options) }));
}

export function askSubjects(desk: Desk, audience: Audience, options: LookupOptions): Promise<Drained> {
  const { verbs, call, context, contextualTuples } = desk;
  const { object, member: permission, subjectType, subjectRelation } = audience;
  const asked = { object, permission, subjectType, subjectRelation, context, contextualTuples };
  return drain(verbs.lookupSubjects(call, { ...asked, ...pageOf(options) }));
}

function pageOf({ limit = 0, cursor = "", candidateIds, countOnly = false }: LookupOptions) {
  // A cursor fixes the revision.
  return { limit, cursor, candidateIds, countOnly, consistency: cursor === "" ? FRESH : undefined };
}
