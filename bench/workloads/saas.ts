import { asker, justWritten } from "./reasons.ts";
import { saasReasons } from "./saas-reasons.ts";
import { aboutTenant, FEWEST_TUPLES, MAIN, projectOf, saasTenants } from "./saas-tenants.ts";
import { userOn } from "./tuple-of.ts";
import type { Workload } from "./workload.ts";

const SCHEMA = `definition user {}

/** A customer's company. */
definition organization {
  relation owner: user
  relation member: user
  /** Who left or was locked out; beats every role. */
  relation suspended: user

  permission active = (owner + member) - suspended
  permission administer = owner - suspended
}

definition team {
  relation member: user
}

/** A role is an object, so that customers make their own; to hold one without being active is worth nothing. */
definition role {
  relation organization: organization
  relation holder: user | team#member

  permission assignee = holder & organization->active
}

definition workspace {
  relation organization: organization
  relation admin_role: role#assignee
  relation editor_role: role#assignee
  relation viewer_role: role#assignee
  relation guest: user

  permission manage = admin_role + organization->administer
  permission edit = editor_role + manage
  permission view = viewer_role + guest + edit
}

definition project {
  relation workspace: workspace
  relation lead: user
  relation contributor: user | team#member

  permission manage = lead + workspace->manage
  permission edit = contributor + manage + workspace->edit
  permission view = edit + workspace->view
}
`;

/** @param tuples at least 500; from 100,000 on there are 10,000 tenants */
export function saas(tuples: number): Workload {
  if (tuples < FEWEST_TUPLES)
    throw new RangeError(`a workload of tenants has at least ${FEWEST_TUPLES} tuples, not ${tuples}`);
  const of = saasTenants(tuples);
  const question = asker(saasReasons(of), 13_000_000);
  const units = of.units(0);
  const intoProject = (index: number) => index % 2 === 1 && units > 0;
  return {
    name: "saas",
    about: `${of.count.toLocaleString("en-US")} customers with workspaces and roles of their own, all with the same names`,
    schema: SCHEMA,
    tuples: of.tuples,
    tenants: of.count,
    generate: (tenant = 0) => aboutTenant(of, tenant),
    question,
    questions: (count) => Array.from({ length: count }, (_, index) => question(index)),
    change: (index) =>
      intoProject(index)
        ? userOn("project", projectOf(index % units), "contributor", `guest${index}`)
        : userOn("workspace", MAIN, "guest", `guest${index}`),
    changeQuestion: (index) =>
      intoProject(index)
        ? justWritten({ type: "project", id: projectOf(index % units) }, "edit", `guest${index}`)
        : justWritten({ type: "workspace", id: MAIN }, "view", `guest${index}`),
  };
}
