import type { ObjectRef, SubjectRef } from "../../src/model/object.ts";
import type { TreeNode } from "../../src/model/tree.ts";
import { createTreeReader } from "./evaluate-tree.ts";
import { Disagreement, type Room, type Tally } from "./room.ts";

/** The whole tree of a member, read naively, says of every subject what the oracle says; so does the tree in pages. */
export async function agreeOnTree(
  room: Room,
  object: ObjectRef,
  member: string,
  subjects: readonly SubjectRef[],
  tally: Tally,
): Promise<void> {
  // Expand takes no contextual tuples.
  if (room.contextualTuples.length > 0) throw new Error("no tree has contextual tuples");
  const { nodes } = await expand(room, object, member, { limit: 0, cursor: "" });
  tally.expand.calls += 1;
  const read = createTreeReader(nodes, room.judge);
  for (const subject of subjects) {
    const question = { object, member, subject };
    const kind = read(subject, room.context);
    const wanted = room.expected(question).answer.kind;
    tally.expand.answers += 1;
    if (kind !== wanted) throw new Disagreement("Expand", question, `read as ${kind} in place of ${wanted}`);
  }
  const limit = Math.max(1, Math.ceil(nodes.length / 3));
  const paged: TreeNode[] = [];
  for (let cursor = "", more = true; more; more = cursor !== "") {
    const page = await expand(room, object, member, { limit, cursor });
    tally.expand.calls += 1;
    const isNext = page.nodes.length <= limit && page.firstIndex === paged.length;
    if (!isNext)
      throw new Disagreement(
        "Expand",
        { object, member, subject: { ...object, relation: "" } },
        `page at ${page.firstIndex}`,
      );
    paged.push(...page.nodes);
    cursor = page.cursor;
  }
  if (JSON.stringify(paged) !== JSON.stringify(nodes)) {
    throw new Disagreement(
      "Expand",
      { object, member, subject: { ...object, relation: "" } },
      `other nodes in pages of ${limit}`,
    );
  }
}

function expand(
  { verbs, call }: Room,
  object: ObjectRef,
  permission: string,
  page: { readonly limit: number; readonly cursor: string },
) {
  return verbs.expand(call, {
    object,
    permission,
    depth: "whole",
    consistency: page.cursor === "" ? { kind: "fully_consistent" } : undefined,
    ...page,
  });
}
