import { outOfReach } from "../auth/admission.ts";
import { reaches } from "../model/access.ts";
import type { Scope } from "../model/scope.ts";
import type { Precondition } from "../model/store.ts";
import type { Tuple, TupleFilter } from "../model/tuple.ts";
import type { PlatformCall } from "./call.ts";

/** Scopes that can be narrowed; see OBJECT_SCOPES. */
type Narrowable = Extract<Scope, "check" | "tuples:read" | "tuples:write">;

/** As much of a call as says who asks, and what that caller may do. */
type Asking = Pick<PlatformCall, "principal" | "access">;

/**
 * Looked at before anything that depends on the schema, so that what is out of reach answers alike whether or not it exists.
 * @param type absent: objects of every type
 * @param relation a relation or permission of the type; absent: all of them
 * @throws PERMISSION_DENIED where the caller's scope was narrowed to other objects
 */
export function requireReach(call: Asking, scope: Narrowable, type?: string, relation?: string): void {
  const reach = call.access.get(scope);
  if (reach === "all") return;
  if (reach !== undefined && type !== undefined && reaches(reach, type, relation)) return;
  throw outOfReach(call.principal, scope, nameOf(type, relation));
}

/** Every field of a filter but object type and relation only narrows what it selects. */
export function requireFilterReach(call: Asking, scope: Narrowable, filter: TupleFilter): void {
  requireReach(call, scope, filter.objectType, filter.relation);
}

/** A precondition tells whether a tuple is there, which is for whoever may write such tuples. */
export function requirePreconditionReach(call: Asking, preconditions: readonly Precondition[]): void {
  for (const { filter } of preconditions) requireFilterReach(call, "tuples:write", filter);
}

/**
 * A contextual tuple can put any object of the tenant on the way to one that is within reach, and so ask about it: who brings
 * some must be allowed to ask about everything.
 */
export function requireContextualReach(call: Asking, contextualTuples: readonly Tuple[] | undefined): void {
  if (contextualTuples !== undefined && contextualTuples.length > 0) requireReach(call, "check");
}

function nameOf(type: string | undefined, relation: string | undefined): string {
  if (type === undefined) return "objects of every type";
  return relation === undefined ? `every relation of ${type}` : `${type}#${relation}`;
}
