import type { Workload } from "../workloads/workload.ts";

/** Questions and tuples that are looked at. */
const SAMPLE = 2_000;

/** Whether an id of the workload is one of these, by its first questions and tuples. */
export function hasIdThat(is: (id: string) => boolean, work: Workload): boolean {
  for (const { question } of work.questions(SAMPLE)) if (is(question.object.id) || is(question.subject.id)) return true;
  let looked = 0;
  for (const { objectId, subjectId } of work.generate(0)) {
    if (is(objectId) || is(subjectId)) return true;
    if (++looked === SAMPLE) break;
  }
  return false;
}
