import type { Member, Rewrite, Schema } from "../model/schema.ts";
import type { Reachability, SubjectKind } from "./reachability.ts";
import { memberOf, tuplesetOf } from "./strata.ts";

/** What following an expression backwards may read. */
interface Cost {
  /** Relations whose wildcard lets the subject in: `user:*` tends to find everything. */
  wildcards: number;
  /** Relations of any kind on the way. */
  relations: number;
}

/**
 * Of an intersection's parts the one to follow: whoever is in the whole is in each of them, so any one finds all. The
 * schema does not tell which finds least; one without wildcards does better, and so does one of fewer relations.
 */
export function chooseChild(
  schema: Schema,
  reaches: Reachability,
  subject: SubjectKind,
  type: string,
  children: readonly Rewrite[],
): Rewrite {
  let best: { readonly child: Rewrite; readonly cost: Cost } | undefined;
  for (const child of children) {
    const cost = costOf(schema, reaches, subject, type, child);
    if (best === undefined || isCheaper(cost, best.cost)) best = { child, cost };
  }
  if (best === undefined) throw new Error(`an intersection of ${type} has no parts`);
  return best.child;
}

function isCheaper(a: Cost, b: Cost): boolean {
  return a.wildcards < b.wildcards || (a.wildcards === b.wildcards && a.relations < b.relations);
}

/** Counts every relation behind an expression once, as if all parts of intersections were followed. */
function costOf(schema: Schema, reaches: Reachability, subject: SubjectKind, type: string, rewrite: Rewrite): Cost {
  const cost = { wildcards: 0, relations: 0 };
  const seen = new Set<Member>();
  const visit = (member: Member | undefined) => {
    if (member !== undefined && reaches.member(member.id)) seen.add(member);
  };
  visitParts(schema, type, rewrite, visit);
  // A set that grows while it is walked.
  for (const member of seen) {
    if (member.kind === "permission") {
      visitParts(schema, member.type, member.rewrite, visit);
      continue;
    }
    cost.relations += 1;
    for (const { type: allowed, relation, wildcard } of member.allowed) {
      if (relation !== "") visit(memberOf(schema, allowed, relation));
      else if (wildcard && allowed === subject.type && subject.relation === "") cost.wildcards += 1;
    }
  }
  return cost;
}

function visitParts(schema: Schema, type: string, rewrite: Rewrite, visit: (member: Member | undefined) => void): void {
  const pending = [rewrite];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (at.kind === "union" || at.kind === "intersection") pending.push(...at.children);
    else if (at.kind === "exclusion") pending.push(at.base);
    else if (at.kind === "computed") visit(memberOf(schema, type, at.member));
    else if (at.kind === "arrow") {
      for (const allowed of tuplesetOf(schema, type, at.tupleset).allowed)
        visit(memberOf(schema, allowed.type, at.target));
    }
  }
}
