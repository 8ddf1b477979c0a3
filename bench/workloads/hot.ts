import { leapingTo, scatter } from "./arithmetic.ts";
import {
  aboutDocument,
  aboutFolder,
  aboutGroup,
  documentId,
  FEWEST_TUPLES,
  hotDocuments,
  spareId,
} from "./hot-documents.ts";
import { hotReasons } from "./hot-reasons.ts";
import { asker, justWritten } from "./reasons.ts";
import { userOn } from "./tuple-of.ts";
import type { Workload } from "./workload.ts";
import { zipf } from "./zipf.ts";

const SCHEMA = `definition user {}

definition group {
  relation member: user
}

definition folder {
  relation editor: user

  permission edit = editor
}

definition document {
  relation folder: folder
  relation owner: user
  relation viewer: user | group#member
  relation blocked: user

  permission edit = (owner + folder->edit) - blocked
  permission view = (viewer + owner + folder->edit) - blocked
}
`;

/** @param tuples at least 500 */
export function hot(tuples: number): Workload {
  if (tuples < FEWEST_TUPLES)
    throw new RangeError(`a workload of hot documents has at least ${FEWEST_TUPLES} tuples, not ${tuples}`);
  const of = hotDocuments(tuples);
  const question = asker(hotReasons(of), 14_000_000);
  // What is asked about most is changed most.
  const rank = zipf(of.documents);
  const changed = (index: number) => documentId(rank((salt, below) => scatter(index, salt, below), 502));
  return {
    name: "hot",
    about: "a few documents and users that most questions are about, by Zipf's law, with many groups and viewers each",
    schema: SCHEMA,
    tuples: of.tuples,
    tenants: 1,
    *generate() {
      for (const document of leapingTo(of.documents)) yield* aboutDocument(of, document);
      for (const folder of leapingTo(of.folders)) yield* aboutFolder(of, folder);
      for (const group of leapingTo(of.groups)) yield* aboutGroup(of, group);
    },
    question,
    questions: (count) => Array.from({ length: count }, (_, index) => question(index)),
    change: (index) => userOn("document", changed(index), "viewer", spareId(index)),
    changeQuestion: (index) => justWritten({ type: "document", id: changed(index) }, "view", spareId(index)),
  };
}
