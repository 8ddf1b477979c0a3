import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type ExpandRequest,
  ExpandRequest_Depth,
  type ExpandResponseSchema,
} from "../../gen/relata/v1/authorization_service_pb.ts";
import type { TenantCall } from "../../service/call.ts";
import type { Verbs } from "../../service/verbs.ts";
import { readConsistency, readObject } from "../wire.ts";
import { badField, requireRelationName } from "../wire-fields.ts";
import { writeTreeNode } from "../wire-tree.ts";

export function expandRoute(verbs: Pick<Verbs, "expand">) {
  return async (call: TenantCall, request: ExpandRequest): Promise<MessageInitShape<typeof ExpandResponseSchema>> => {
    const { nodes, firstIndex, cursor, consistencyToken } = await verbs.expand(call, {
      object: readObject(request.object, "object"),
      permission: requireRelationName(request.permission, "permission", "INVALID_REQUEST"),
      depth: readDepth(request.depth),
      consistency: readConsistency(request.consistency),
      limit: request.limit,
      cursor: request.cursor,
    });
    return { nodes: nodes.map(writeTreeNode), firstIndex, cursor, consistencyToken };
  };
}

function readDepth(depth: ExpandRequest_Depth): "whole" | "one_level" {
  switch (depth) {
    case ExpandRequest_Depth.UNSPECIFIED:
      return "whole";
    case ExpandRequest_Depth.ONE_LEVEL:
      return "one_level";
    default:
      throw badField("INVALID_REQUEST", "depth", "must be DEPTH_ONE_LEVEL, or left out for the whole tree");
  }
}
