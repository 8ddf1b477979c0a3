import type { TupleKey } from "../../src/model/tuple.ts";
import { scatter } from "./arithmetic.ts";
import {
  aboutBranch,
  aboutOrganization,
  aboutRepository,
  aboutTeam,
  type Organizations,
  organizations,
  REPOSITORIES,
  TEAMS,
  TUPLES_PER_ORGANIZATION,
} from "./code-organization.ts";
import { codeReasons } from "./code-reasons.ts";
import { exampleSchema } from "./example-schema.ts";
import { asker, justWritten } from "./reasons.ts";
import { scattered } from "./scattered.ts";
import { userOn } from "./tuple-of.ts";
import type { Workload } from "./workload.ts";

/** @param tuples at least 1,000; what is over a whole thousand is left out */
export function code(tuples: number): Workload {
  const count = Math.floor(tuples / TUPLES_PER_ORGANIZATION);
  if (count < 1)
    throw new RangeError(`a workload of code hosting has at least ${TUPLES_PER_ORGANIZATION} tuples, not ${tuples}`);
  const of = organizations(count);
  const changed = (index: number) => of.repository(scatter(index, 401, count), scatter(index, 402, REPOSITORIES));
  const question = asker(codeReasons(of), 12_000_000);
  return {
    name: "code",
    about: "a code-hosting site: organisations with teams six levels deep, and roles in repositories",
    schema: exampleSchema("code-hosting.zed"),
    tuples: count * TUPLES_PER_ORGANIZATION,
    tenants: 1,
    *generate() {
      yield* all(of, REPOSITORIES, aboutRepository);
      yield* all(of, REPOSITORIES, aboutBranch);
      yield* all(of, TEAMS, aboutTeam);
      yield* all(of, 1, aboutOrganization);
    },
    question,
    questions: (count) => Array.from({ length: count }, (_, index) => question(index)),
    change: (index) => userOn("repository", changed(index), "triage_role", of.spare(index)),
    changeQuestion: (index) => justWritten({ type: "repository", id: changed(index) }, "triage", of.spare(index)),
  };
}

function* all(
  of: Organizations,
  perOrganization: number,
  about: (of: Organizations, organization: number, number: number) => readonly TupleKey[],
): Iterable<TupleKey> {
  for (const [organization, number] of scattered(of.count, perOrganization)) yield* about(of, organization, number);
}
