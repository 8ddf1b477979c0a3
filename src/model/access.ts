import type { Scope } from "./scope.ts";

/** Scopes that can be narrowed to object types; the others concern a tenant as a whole. */
export const OBJECT_SCOPES = ["check", "tuples:read", "tuples:write"] as const satisfies readonly Scope[];

/** A type of object, and of its relations and permissions all or those named. */
export interface ObjectLimit {
  readonly type: string;
  /** Absent: all of them. Never empty. */
  readonly relations?: readonly string[];
}

/** What a scope reaches: everything, or by object type all of its relations and permissions or those named. */
export type Reach = "all" | ReadonlyMap<string, "all" | ReadonlySet<string>>;

/** What a caller may do in one place. A scope that is not a key is not held. */
export type Access = ReadonlyMap<Scope, Reach>;

export const NO_ACCESS: Access = new Map();

/**
 * One grant: scopes, over everything (`limits` empty) or over some objects. With limits, scopes that cannot be narrowed
 * are not granted: grants that mix them are refused when they are made, and must not turn into more than was meant.
 */
export function accessOf(scopes: Iterable<Scope>, limits: readonly ObjectLimit[] = []): Access {
  if (limits.length === 0) return new Map(Array.from(scopes, (scope) => [scope, "all"]));
  const reach = reachOf(limits);
  return new Map([...scopes].filter(isObjectScope).map((scope) => [scope, reach]));
}

export function isObjectScope(scope: Scope): boolean {
  return OBJECT_SCOPES.some((known) => known === scope);
}

/** Grants add up, scope by scope: what one grants of `check` lends nothing to what another grants of `tuples:write`. */
export function addAccess(left: Access, right: Access): Access {
  const sum = new Map(left);
  for (const [scope, reach] of right) sum.set(scope, addReach(sum.get(scope), reach));
  return sum;
}

/** What both allow. */
export function commonAccess(left: Access, right: Access): Access {
  const common = new Map<Scope, Reach>();
  for (const [scope, reach] of left) {
    const other = right.get(scope);
    if (other === undefined) continue;
    const both = commonReach(reach, other);
    if (both === "all" || both.size > 0) common.set(scope, both);
  }
  return common;
}

/** Whether everything in `part` is in `whole` too: who holds `whole` may hand out `part`. */
export function isWithin(part: Access, whole: Access): boolean {
  return [...part].every(([scope, reach]) => {
    const other = whole.get(scope);
    return other !== undefined && isReachWithin(reach, other);
  });
}

/** @param relation absent: every relation of the type is asked for */
export function reaches(reach: Reach, type: string, relation?: string): boolean {
  if (reach === "all") return true;
  const relations = reach.get(type);
  if (relations === undefined || relations === "all") return relations === "all";
  return relation !== undefined && relations.has(relation);
}

function reachOf(limits: readonly ObjectLimit[]): Reach {
  return limits.reduce<Reach>(
    (reach, { type, relations }) =>
      addReach(reach, new Map([[type, relations === undefined ? "all" : new Set(relations)]])),
    new Map(),
  );
}

function addReach(left: Reach | undefined, right: Reach): Reach {
  if (left === undefined) return right;
  if (left === "all" || right === "all") return "all";
  const sum = new Map(left);
  for (const [type, relations] of right) {
    const known = sum.get(type);
    sum.set(
      type,
      known === undefined ? relations : known === "all" || relations === "all" ? "all" : known.union(relations),
    );
  }
  return sum;
}

function commonReach(left: Reach, right: Reach): Reach {
  if (left === "all") return right;
  if (right === "all") return left;
  const common = new Map<string, "all" | ReadonlySet<string>>();
  for (const [type, relations] of left) {
    const other = right.get(type);
    if (other === undefined) continue;
    const both = relations === "all" ? other : other === "all" ? relations : relations.intersection(other);
    if (both === "all" || both.size > 0) common.set(type, both);
  }
  return common;
}

function isReachWithin(part: Reach, whole: Reach): boolean {
  if (whole === "all") return true;
  if (part === "all") return false;
  return [...part].every(([type, relations]) => {
    const other = whole.get(type);
    if (other === undefined || other === "all") return other === "all";
    return relations !== "all" && relations.isSubsetOf(other);
  });
}
