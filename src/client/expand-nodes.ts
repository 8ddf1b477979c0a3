import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AuthorizationService, ExpandRequestSchema, TreeNode } from "../gen/relata/v1/authorization_service_pb.ts";
import type { CallOptions, ServiceClient } from "./service-client.ts";

/** An Expand without the fields that page it. */
export type ExpandQuestion = Omit<MessageInitShape<typeof ExpandRequestSchema>, "$typeName" | "cursor" | "limit">;

/**
 * The nodes of a tree in order, all at one revision: `parent` and `sameAs` of a node are places in this order. The next
 * page is asked for when it is needed. Rejects with CallError.
 */
export async function* expandNodes(
  authorization: ServiceClient<typeof AuthorizationService>,
  question: ExpandQuestion,
  options?: CallOptions,
): AsyncGenerator<TreeNode> {
  const { consistency, ...rest } = question;
  let page = await authorization.expand(question, options);
  for (;;) {
    yield* page.nodes;
    if (page.cursor === "") return;
    // The cursor has the revision.
    page = await authorization.expand({ ...rest, cursor: page.cursor }, options);
  }
}
