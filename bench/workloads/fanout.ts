import { leapingTo, scatter } from "./arithmetic.ts";
import { aboutDocument, aboutFolder, aboutGroup, aboutIdle, aboutOutsiders, drive } from "./fanout-drive.ts";
import { fanoutLookups } from "./fanout-lookups.ts";
import { fanoutReasons } from "./fanout-reasons.ts";
import { namer } from "./ids.ts";
import { asker } from "./reasons.ts";
import { userOn } from "./tuple-of.ts";
import type { Workload } from "./workload.ts";

const SCHEMA = `definition user {}

definition group {
  relation member: user | group#member
}

definition folder {
  relation parent: folder
  relation viewer: group#member
  permission view = viewer + parent->view
}

definition document {
  relation folder: folder
  relation owner: user
  relation viewer: user
  relation banned: group#member
  /** Found by plain ways: nothing of what is found has to be checked. */
  permission view = owner + viewer + folder->view
  /** All that is found has to be checked. */
  permission read = view - banned
}
`;

const FEWEST = 1_000;

/** @param tuples at least 1,000; up to 50 are left out @param seed workloads of two seeds share no ids */
export function fanout(tuples: number, seed = 0): Workload {
  if (tuples < FEWEST) throw new RangeError(`a workload of fan-out has at least ${FEWEST} tuples, not ${tuples}`);
  const of = drive(tuples, seed);
  // Somebody new each time, whom nobody else asks about.
  const newcomer = namer("n", 10, seed);
  const changed = (index: number) => of.document(scatter(index, seed + 402, of.documents));
  const question = asker(fanoutReasons(of), 14_000_000 + seed);
  return {
    name: "fanout",
    about: "a drive in which users reach nothing, 1, 10, 100, 1,000 or 10,000 documents, through groups and folders",
    schema: SCHEMA,
    tuples: of.tuples,
    tenants: 1,
    *generate() {
      for (const document of leapingTo(of.documents)) yield* aboutDocument(of, document);
      for (const folder of leapingTo(of.allFolders)) yield* aboutFolder(of, folder);
      for (const group of leapingTo(2 * of.allFolders)) yield* aboutGroup(of, group);
      yield* aboutOutsiders(of);
      yield* aboutIdle(of);
    },
    question,
    questions: (count) => Array.from({ length: count }, (_, index) => question(index)),
    lookups: fanoutLookups(of, seed + 401),
    change: (index) => userOn("document", changed(index), "viewer", newcomer(index)),
    changeQuestion: (index) => ({
      question: {
        object: { type: "document", id: changed(index) },
        member: "view",
        subject: { type: "user", id: newcomer(index), relation: "" },
      },
      allowed: true,
      kind: "just written",
    }),
  };
}
