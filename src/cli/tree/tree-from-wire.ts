import { RelataError } from "../../errors.ts";
import {
  type CaveatEvaluation,
  Decision,
  TreeNode_Kind as Kind,
  type TreeNode as WireNode,
} from "../../gen/relata/v1/authorization_service_pb.ts";
import type { ObjectReference, Tuple as WireTuple } from "../../gen/relata/v1/core_pb.ts";
import type { ObjectRef } from "../../model/object.ts";
import type { ExplainedCaveat, TreeNode, TreePart } from "../../model/tree.ts";
import type { JsonObject, Tuple } from "../../model/tuple.ts";
import { CliError, EXIT } from "../exit.ts";
import { tupleFromWire } from "../wire.ts";

/**
 * The nodes a server sent, as the model has them.
 * @param firstIndex of the first of them, for the later pages of a tree
 * @throws CliError for a list that is no tree
 */
export function treeFromWire(nodes: readonly WireNode[], firstIndex = 0): readonly TreeNode[] {
  return nodes.map((node, at) => {
    const index = firstIndex + at;
    if (node.parent >= index && index > 0) throw malformed(`part ${index} comes before what it is a part of`);
    const result = RESULTS[node.result];
    return {
      parent: node.parent,
      what: partOf(node),
      ...(node.subtracted && { subtracted: true }),
      ...(result !== undefined && { result }),
    };
  });
}

const RESULTS: Readonly<Record<number, NonNullable<TreeNode["result"]>>> = {
  [Decision.ALLOWED]: "allowed",
  [Decision.DENIED]: "denied",
  [Decision.CONDITIONAL]: "conditional",
};

function partOf(node: WireNode): TreePart {
  switch (node.kind) {
    case Kind.MEMBER: {
      const { member, sameAs } = node;
      return { kind: "member", object: objectOf(node.object), member, ...(sameAs !== undefined && { sameAs }) };
    }
    case Kind.UNION:
      return { kind: "union" };
    case Kind.INTERSECTION:
      return { kind: "intersection" };
    case Kind.EXCLUSION:
      return { kind: "exclusion" };
    case Kind.NIL:
      return { kind: "nil" };
    case Kind.SELF:
      return { kind: "self", object: objectOf(node.object) };
    case Kind.ARROW:
      return { kind: "arrow", quantifier: "any", tupleset: node.tupleset, target: node.target };
    case Kind.ARROW_ALL:
      return { kind: "arrow", quantifier: "all", tupleset: node.tupleset, target: node.target };
    case Kind.TUPLE:
      return { kind: "tuple", tuple: tupleOf(node.tuple), ...(node.caveat && { caveat: caveatOf(node.caveat) }) };
    case Kind.NO_TUPLE:
      return { kind: "no_tuple", tuple: tupleOf(node.tuple), expired: false };
    case Kind.EXPIRED_TUPLE:
      return { kind: "no_tuple", tuple: tupleOf(node.tuple), expired: true };
    default:
      throw malformed(`a part is of kind ${node.kind}, which this version does not know`);
  }
}

function objectOf(object: ObjectReference | undefined): ObjectRef {
  return { type: object?.type ?? "", id: object?.id ?? "" };
}

function tupleOf(tuple: WireTuple | undefined): Tuple {
  if (tuple === undefined) throw malformed("a part lacks its tuple");
  return tupleFromWire(tuple);
}

function caveatOf({ name, expression, context, result, missingContext, failure }: CaveatEvaluation): ExplainedCaveat {
  const known = { name, expression, context: (context ?? {}) as JsonObject };
  switch (result) {
    case Decision.ALLOWED:
      return { ...known, result: { kind: "true" } };
    case Decision.DENIED:
      return { ...known, result: { kind: "false" } };
    case Decision.CONDITIONAL:
      return { ...known, result: { kind: "missing", names: missingContext } };
    default:
      return { ...known, result: { kind: "failed", error: new RelataError("CAVEAT_EVALUATION_FAILED", failure) } };
  }
}

function malformed(what: string): CliError {
  return new CliError(EXIT.internal, `the server sent a tree that cannot be shown: ${what}`, {
    hint: "is the server of a newer version than this command?",
  });
}
