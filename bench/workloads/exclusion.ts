import { scatter } from "./arithmetic.ts";
import { archive, COLLECTIONS, COMPARTMENTS, GROUPS, RECORDS, TUPLES_PER_BLOCK } from "./exclusion-archive.ts";
import { exclusionReasons } from "./exclusion-reasons.ts";
import { namer } from "./ids.ts";
import { asker } from "./reasons.ts";
import { scattered } from "./scattered.ts";
import { userOn } from "./tuple-of.ts";
import type { Workload } from "./workload.ts";

const SCHEMA = `definition user {}

definition group {
  relation member: user | group#member
}

definition archive {
  relation sworn: user | group#member
  relation dismissed: user | group#member
  permission active = sworn - dismissed
}

/** A body of knowledge that is told to those who need it. */
definition compartment {
  relation archive: archive
  relation briefed: user | group#member
  relation revoked: user | group#member
  permission cleared = (briefed & archive->active) - revoked
}

definition collection {
  relation parent: collection
  relation reader: user | group#member
  relation curator: user | group#member
  /** Kept from what is granted here and above; a grant further below counts again. */
  relation banned: user | group#member
  permission browse = (reader + parent->browse) - banned
  permission arrange = curator + parent->arrange
}

definition record {
  relation collection: collection
  relation compartment: compartment
  relation author: user
  relation reader: user | group#member
  relation recused: user | group#member
  relation sealed: user:*
  permission view = ((reader + author + collection->browse) & compartment->cleared) - recused
  permission declassify = (view & collection->arrange) - sealed
}
`;

/** @param tuples at least 1,000; what is over a whole thousand is left out @param seed workloads of two seeds share no ids */
export function exclusion(tuples: number, seed = 0): Workload {
  const blocks = Math.floor(tuples / TUPLES_PER_BLOCK);
  if (blocks < 1)
    throw new RangeError(`a workload of exclusion has at least ${TUPLES_PER_BLOCK} tuples, not ${tuples}`);
  const of = archive(blocks, seed);
  const newcomer = namer("n", 8, seed);
  const question = asker(exclusionReasons(of), 12_000_000 + seed);
  return {
    name: "exclusion",
    about: "a classified archive: readers who are cleared, sworn, and neither revoked, banned nor recused",
    schema: SCHEMA,
    tuples: of.tuples,
    tenants: 1,
    *generate() {
      for (const [block, group] of scattered(blocks, GROUPS)) yield* of.aboutGroup(block, group);
      for (const [block] of scattered(blocks, 1)) yield* of.aboutArchive(block);
      for (const [block, compartment] of scattered(blocks, COMPARTMENTS))
        yield* of.aboutCompartment(block, compartment);
      for (const [block, collection] of scattered(blocks, COLLECTIONS)) yield* of.aboutCollection(block, collection);
      for (const [block, record] of scattered(blocks, RECORDS)) yield* of.aboutRecord(block, record);
    },
    question,
    questions: (count) => Array.from({ length: count }, (_, index) => question(index)),
    // Somebody new each time, whom nobody asks about.
    change: (index) => {
      const record = of.record(scatter(index, seed + 204, blocks), scatter(index, seed + 205, RECORDS));
      return userOn("record", record, "reader", newcomer(index));
    },
  };
}
