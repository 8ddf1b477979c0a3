import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type CaveatEvaluationSchema,
  Decision,
  type TreeNodeSchema,
  TreeNode_Kind as WireKind,
} from "../gen/relata/v1/authorization_service_pb.ts";
import type { CaveatResult } from "../model/caveat.ts";
import type { ExplainedCaveat, TreeNode, TreePart } from "../model/tree.ts";
import { writeTuple } from "./wire.ts";
import { WIRE_DECISIONS } from "./wire-outcome.ts";
import { writeStruct } from "./wire-values.ts";

type Init = MessageInitShape<typeof TreeNodeSchema>;

export function writeTreeNode({ parent, what, subtracted, result }: TreeNode): Init {
  return {
    parent,
    subtracted: subtracted ?? false,
    ...(result === undefined ? {} : { result: WIRE_DECISIONS[result] }),
    ...writePart(what),
  };
}

const OPERATORS = {
  union: WireKind.UNION,
  intersection: WireKind.INTERSECTION,
  exclusion: WireKind.EXCLUSION,
  nil: WireKind.NIL,
} as const;

function writePart(part: TreePart): Init {
  switch (part.kind) {
    case "member": {
      const { object, member, sameAs } = part;
      return { kind: WireKind.MEMBER, object, member, ...(sameAs === undefined ? {} : { sameAs }) };
    }
    case "union":
    case "intersection":
    case "exclusion":
    case "nil":
      return { kind: OPERATORS[part.kind] };
    case "self":
      return { kind: WireKind.SELF, object: part.object };
    case "arrow": {
      const { quantifier, tupleset, target } = part;
      return { kind: quantifier === "all" ? WireKind.ARROW_ALL : WireKind.ARROW, tupleset, target };
    }
    case "tuple":
      return {
        kind: WireKind.TUPLE,
        tuple: writeTuple(part.tuple),
        ...(part.caveat === undefined ? {} : { caveat: writeCaveat(part.caveat) }),
      };
    case "no_tuple":
      return { kind: part.expired ? WireKind.EXPIRED_TUPLE : WireKind.NO_TUPLE, tuple: writeTuple(part.tuple) };
  }
}

function writeCaveat({
  name,
  expression,
  context,
  result,
}: ExplainedCaveat): MessageInitShape<typeof CaveatEvaluationSchema> {
  return { name, expression, context: writeStruct(context), ...writeResult(result) };
}

function writeResult(result: CaveatResult): MessageInitShape<typeof CaveatEvaluationSchema> {
  switch (result.kind) {
    case "true":
      return { result: Decision.ALLOWED };
    case "false":
      return { result: Decision.DENIED };
    case "missing":
      return { result: Decision.CONDITIONAL, missingContext: [...result.names] };
    case "failed":
      return { failure: result.error.message };
  }
}
