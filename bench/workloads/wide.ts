import { leapingTo, scatter } from "./arithmetic.ts";
import { namer } from "./ids.ts";
import { asker, justWritten } from "./reasons.ts";
import { userOn } from "./tuple-of.ts";
import {
  aboutBoth,
  aboutDocument,
  aboutGroup,
  BOTH,
  documentOfWay,
  TUPLES_PER_DOCUMENT,
  type WideDocuments,
} from "./wide-documents.ts";
import { wideGroups } from "./wide-groups.ts";
import { wideReasons } from "./wide-reasons.ts";
import type { Workload } from "./workload.ts";

const SCHEMA = `definition user {}

/** Everybody of a company, of a country, of a product's customers: very many people, and other such groups. */
definition group {
  relation member: user | group#member
}

definition document {
  relation owner: user
  relation editor: user | group#member
  relation viewer: user | group#member

  permission edit = editor + owner
  permission view = viewer + edit
}
`;

const FEWEST = 1_000;

/** @param tuples at least 1,000; up to three are left out */
export function wide(tuples: number): Workload {
  if (tuples < FEWEST) throw new RangeError(`a workload of wide groups has at least ${FEWEST} tuples, not ${tuples}`);
  const groups = wideGroups(tuples);
  const documents = Math.floor((tuples - groups.tuples - BOTH.length) / TUPLES_PER_DOCUMENT);
  const of: WideDocuments = {
    ...groups,
    documents,
    user: namer("u", 1, 11),
    guest: namer("g", 2, 11),
    group: namer("t", 3, 11),
    document: namer("d", 4, 11),
    both: "both",
  };
  // People whom nobody asks about: by turns into the widest group, and as viewers.
  const newcomer = (index: number) => of.guest(2 * documents + index);
  const intoGroup = (index: number) => index % 2 === 0;
  const seen = (index: number) => {
    const random = scatter(index, 302, 1 << 30);
    return of.document(intoGroup(index) ? documentOfWay(of, "widest", random) : random % documents);
  };
  const question = asker(wideReasons(of), 11_000_000);
  return {
    name: "wide",
    about: `groups of up to ${groups.groups[0]?.size.toLocaleString("en-US")} members, some within others`,
    schema: SCHEMA,
    tuples: groups.tuples + BOTH.length + documents * TUPLES_PER_DOCUMENT,
    tenants: 1,
    *generate() {
      for (const document of leapingTo(documents)) yield* aboutDocument(of, document);
      for (const group of leapingTo(groups.groups.length)) yield* aboutGroup(of, group);
      yield* aboutBoth(of);
    },
    question,
    questions: (count) => Array.from({ length: count }, (_, index) => question(index)),
    change: (index) =>
      intoGroup(index)
        ? userOn("group", of.group(0), "member", newcomer(index))
        : userOn("document", seen(index), "viewer", newcomer(index)),
    changeQuestion: (index) => justWritten({ type: "document", id: seen(index) }, "view", newcomer(index)),
  };
}
