import type { Found, FoundObject, TupleSource } from "../../model/need.ts";
import type { Revision } from "../../model/revision.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import { budgetExhausted } from "../refusals.ts";
import { createBoundedReader, type Readers } from "./bounded-reader.ts";
import { toFound, toTraits } from "./found-columns.ts";
import { placeArgs } from "./heads.ts";
import { bindNeeds } from "./read-needs.ts";
import { bindObjectScans } from "./scan-objects.ts";
import { bindSubjectScans } from "./scan-subjects.ts";

/** Tuples at one revision; every call is one network round trip, two when it turns out to be a long one. */
export function createTupleSource(
  readers: Readers,
  place: TenantPlace,
  revision: Revision,
  signal: AbortSignal | undefined,
): TupleSource {
  const at = { ...placeArgs(place), revision };
  const read = createBoundedReader(readers, place, signal);
  return {
    async read(needs, maxRows) {
      const answers: Found[][] = needs.map(() => []);
      const rows = await read(needs.length, maxRows, (limit) => bindNeeds(at, needs, limit));
      if (rows.length > maxRows) throw budgetExhausted(maxRows);
      for (const row of rows) answers[row.need]?.push(toFound(row));
      return answers;
    },
    async scanSubjects(scans, limit) {
      const answers: Found[][] = scans.map(() => []);
      const maxRows = scans.length * limit;
      const rows = await read(scans.length, maxRows, (most) => bindSubjectScans(at, scans, limit, most));
      for (const row of rows) answers[row.scan]?.push(toFound(row));
      return answers;
    },
    async scanObjects(scans, limit) {
      const answers: FoundObject[][] = scans.map(() => []);
      const maxRows = scans.length * limit;
      const rows = await read(scans.length, maxRows, (most) => bindObjectScans(at, scans, limit, most));
      for (const row of rows) {
        const { object_id: objectId, subject_relation: subjectRelation } = row;
        answers[row.scan]?.push({ objectId, subjectRelation, ...toTraits(row) });
      }
      return answers;
    },
  };
}
