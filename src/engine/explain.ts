import { unreachable } from "../errors.ts";
import type { Decision } from "../model/decision.ts";
import type { Found } from "../model/need.ts";
import type { Member, Permission, Rewrite } from "../model/schema.ts";
import type { ExplainedCaveat, TreeNode, TreePart } from "../model/tree.ts";
import type { JsonObject, Tuple } from "../model/tuple.ts";
import type { Evidence, TuplePart, Verdict } from "./explain-verdicts.ts";
import { arrowParts, partsOf, relationParts, rewriteVerdicts, verdictOf } from "./explain-verdicts.ts";
import { CONDITIONAL, FALSE, TRUE, UNSETTLED } from "./formula.ts";
import type { Node } from "./problem.ts";
import { memberOf } from "./strata.ts";

export interface Explanation {
  readonly nodes: readonly TreeNode[];
  /** More was tried than is told here. */
  readonly truncated: boolean;
}

/** Parts still to be told, with what is known of them from above. */
type Part =
  | { readonly kind: "member"; readonly member: Member; readonly id: string }
  | {
      readonly kind: "rewrite";
      readonly owner: Permission;
      readonly id: string;
      readonly rewrite: Rewrite;
      readonly verdicts: ReadonlyMap<Rewrite, Verdict>;
    }
  | { readonly kind: "tuple"; readonly part: TuplePart }
  | { readonly kind: "self rule"; readonly member: Member; readonly id: string };

interface Step {
  readonly part: Part;
  readonly parent: number;
  readonly subtracted: boolean;
}

/**
 * Tells why a problem came out as it did, in the schema's own terms: the expression is walked as it was written, and each
 * part gets what the run found out about it. Level by level, so that what is cut off at `maxNodes` is the deepest.
 *
 *  - allowed: of a union, an arrow or a relation the one part that was true first, all parts of the rest;
 *  - denied: everything that was tried, with the tuples that were looked for;
 *  - conditional: every part that has a share in it.
 */
export function explain(evidence: Evidence, member: Member, id: string, maxNodes: number): Explanation {
  const nodes: TreeNode[] = [];
  const indexes = new Map<Node, number>();
  // Grows while it is walked.
  const steps: Step[] = [{ part: { kind: "member", member, id }, parent: 0, subtracted: false }];
  let truncated = false;
  for (const { part, parent, subtracted } of steps) {
    const index = nodes.length;
    const { what, verdict, below } = tell(evidence, part, indexes, index);
    const result = resultOf(verdict);
    nodes.push({ parent, what, ...(subtracted && { subtracted }), ...(result && { result }) });
    for (const next of below) {
      if (steps.length >= maxNodes) {
        truncated = true;
        break;
      }
      steps.push({ part: next.part, parent: index, subtracted: next.subtracted });
    }
  }
  return { nodes, truncated };
}

interface Told {
  readonly what: TreePart;
  readonly verdict: Verdict;
  readonly below: readonly Omit<Step, "parent">[];
}

function tell(evidence: Evidence, part: Part, indexes: Map<Node, number>, index: number): Told {
  switch (part.kind) {
    case "member":
      return tellMember(evidence, part.member, part.id, indexes, index);
    case "rewrite":
      return tellRewrite(evidence, part, indexes, index);
    case "tuple":
      return tellTuple(evidence, part.part);
    case "self rule": {
      const object = { type: part.member.type, id: part.id };
      return { what: { kind: "self", object }, verdict: verdictOf(evidence, part.member, part.id), below: [] };
    }
    default:
      return unreachable(part);
  }
}

function tellMember(evidence: Evidence, member: Member, id: string, indexes: Map<Node, number>, index: number): Told {
  const { frame } = evidence;
  const verdict = verdictOf(evidence, member, id);
  const what = { kind: "member" as const, object: { type: member.type, id }, member: member.name };
  const node = frame.problems.find(member.id, id);
  if (node === undefined || verdict.value === UNSETTLED) return { what, verdict, below: [] };
  const sameAs = indexes.get(node);
  if (sameAs !== undefined) return { what: { ...what, sameAs }, verdict, below: [] };
  indexes.set(node, index);
  if (member.id === frame.plan.selfMember && id === frame.subject.id) {
    return { what, verdict, below: [{ part: { kind: "self rule", member, id }, subtracted: false }] };
  }
  if (member.kind === "relation") {
    return { what, verdict, below: tupleSteps(chosen(relationParts(evidence, member, id), verdict)) };
  }
  const verdicts = rewriteVerdicts(evidence, member, id);
  const part = { kind: "rewrite" as const, owner: member, id, rewrite: member.rewrite, verdicts };
  return { what, verdict, below: [{ part, subtracted: false }] };
}

function tellRewrite(
  evidence: Evidence,
  part: Extract<Part, { kind: "rewrite" }>,
  indexes: Map<Node, number>,
  index: number,
): Told {
  const { owner, id, rewrite, verdicts } = part;
  const verdict = verdicts.get(rewrite) ?? NOBODY_ASKED;
  switch (rewrite.kind) {
    case "computed": {
      const member = memberOf(evidence.schema, owner.type, rewrite.member);
      if (member === undefined) throw new Error(`${owner.type}#${rewrite.member} does not exist`);
      return tellMember(evidence, member, id, indexes, index);
    }
    case "arrow": {
      const { kind, quantifier, tupleset, target } = rewrite;
      const tuples = arrowParts(evidence, owner, id, rewrite) ?? [];
      const below = tupleSteps(quantifier === "any" ? chosen(tuples, verdict) : told(tuples));
      return { what: { kind, quantifier, tupleset, target }, verdict, below };
    }
    case "self":
      return { what: { kind: "self", object: { type: owner.type, id } }, verdict, below: [] };
    case "nil":
      return { what: { kind: "nil" }, verdict, below: [] };
    default: {
      const parts = partsOf(rewrite).map((child, at) => ({
        rewrite: child,
        verdict: verdicts.get(child) ?? NOBODY_ASKED,
        subtracted: rewrite.kind === "exclusion" && at === 1,
      }));
      const shown = rewrite.kind === "union" ? chosen(parts, verdict) : told(parts);
      const below = shown.map((child) => ({
        part: { kind: "rewrite" as const, owner, id, rewrite: child.rewrite, verdicts },
        subtracted: child.subtracted,
      }));
      return { what: { kind: rewrite.kind }, verdict, below };
    }
  }
}

const NOBODY_ASKED: Verdict = { value: UNSETTLED, since: 0, failed: false };

function tellTuple(evidence: Evidence, { kind, key, found, target, verdict }: TuplePart): Told {
  const tuple = found === undefined ? key : tupleOf(key, found);
  if (kind !== "there") return { what: { kind: "no_tuple", tuple, expired: kind === "expired" }, verdict, below: [] };
  const caveat = found?.caveat === undefined ? undefined : explainCaveat(evidence, found.caveat);
  // Behind a caveat that is false nothing was looked at.
  const isKnown = target !== undefined && verdictOf(evidence, target.member, target.id).value !== UNSETTLED;
  const below = isKnown ? [{ part: { kind: "member" as const, ...target }, subtracted: false }] : [];
  return { what: { kind: "tuple", tuple, ...(caveat && { caveat }) }, verdict, below };
}

function tupleOf(key: Tuple, { caveat, expiresAtMs }: Found): Tuple {
  return {
    ...key,
    ...(caveat && { caveat: { name: caveat.name, context: JSON.parse(caveat.contextJson) as JsonObject } }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  };
}

function explainCaveat({ schema, frame }: Evidence, found: NonNullable<Found["caveat"]>): ExplainedCaveat {
  const caveat = schema.caveats.get(found.name);
  if (caveat === undefined) throw new Error(`a tuple carries caveat ${found.name}, which the schema does not have`);
  const given: JsonObject = { ...frame.judge.context, ...(JSON.parse(found.contextJson) as JsonObject) };
  const context = Object.fromEntries(Object.entries(given).filter(([name]) => caveat.parameters.has(name)));
  return { name: found.name, expression: caveat.expression, context, result: frame.judge.evaluate(found) };
}

function tupleSteps(parts: readonly TuplePart[]): Told["below"] {
  return parts.map((part) => ({ part: { kind: "tuple", part }, subtracted: false }));
}

/** Of parts any of which would do: the one that was true first, or those with a share in the condition, or all tried. */
function chosen<Shown extends { readonly verdict: Verdict }>(
  parts: readonly Shown[],
  { value }: Verdict,
): readonly Shown[] {
  if (value === CONDITIONAL) return parts.filter(({ verdict }) => verdict.value === CONDITIONAL);
  if (value !== TRUE) return told(parts);
  let first: Shown | undefined;
  for (const part of parts) {
    if (part.verdict.value !== TRUE) continue;
    if (first === undefined || part.verdict.since < first.verdict.since) first = part;
  }
  return first === undefined ? [] : [first];
}

/** Without what nobody needed to know. */
function told<Shown extends { readonly verdict: Verdict }>(parts: readonly Shown[]): readonly Shown[] {
  return parts.filter(({ verdict }) => verdict.value !== UNSETTLED);
}

/** None for what was not decided, and for what cannot be: a caveat in it fails. */
function resultOf({ value, failed }: Verdict): Decision["kind"] | undefined {
  if (value === UNSETTLED || failed) return undefined;
  if (value === TRUE) return "allowed";
  return value === FALSE ? "denied" : "conditional";
}
