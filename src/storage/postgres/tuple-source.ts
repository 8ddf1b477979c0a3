import type { Found, FoundObject, TupleSource } from "../../model/need.ts";
import type { Revision } from "../../model/revision.ts";
import type { TenantPlace } from "../../model/tenant.ts";
import { budgetExhausted } from "../refusals.ts";
import { toFound, toTraits } from "./found-columns.ts";
import { placeArgs, tenantScope } from "./heads.ts";
import type { Reader } from "./read-lanes.ts";
import { bindNeeds } from "./read-needs.ts";
import { bindObjectScans } from "./scan-objects.ts";
import { bindSubjectScans } from "./scan-subjects.ts";

/** Tuples at one revision; every call is one network round trip. */
export function createTupleSource(
  reader: Reader,
  place: TenantPlace,
  revision: Revision,
  signal: AbortSignal | undefined,
): TupleSource {
  const at = { ...placeArgs(place), revision };
  return {
    async read(needs, maxRows) {
      const answers: Found[][] = needs.map(() => []);
      const bound = bindNeeds(at, needs, maxRows + 1);
      if (bound === undefined) return answers;
      const [rows] = await reader.read(tenantScope(place), [bound], signal);
      if (rows.length > maxRows) throw budgetExhausted(maxRows);
      for (const row of rows) answers[row.need]?.push(toFound(row));
      return answers;
    },
    async scanSubjects(scans, limit) {
      const answers: Found[][] = scans.map(() => []);
      const statements = bindSubjectScans(at, scans, limit);
      if (statements.length === 0) return answers;
      const rows = (await reader.read(tenantScope(place), statements, signal)).flat();
      for (const row of rows) answers[row.scan]?.push(toFound(row));
      return answers;
    },
    async scanObjects(scans, limit) {
      const answers: FoundObject[][] = scans.map(() => []);
      const statements = bindObjectScans(at, scans, limit);
      if (statements.length === 0) return answers;
      const rows = (await reader.read(tenantScope(place), statements, signal)).flat();
      for (const row of rows) {
        const { object_id: objectId, subject_relation: subjectRelation } = row;
        answers[row.scan]?.push({ objectId, subjectRelation, ...toTraits(row) });
      }
      return answers;
    },
  };
}
