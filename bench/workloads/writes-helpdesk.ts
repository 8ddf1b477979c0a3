import type { TupleKey } from "../../src/model/tuple.ts";
import { type BlockNamer, fromFarBlocks, inBlocks, namer } from "./ids.ts";
import { objectOn, userOn } from "./tuple-of.ts";

/**
 * A help desk in blocks of exactly 1,000 tuples: very many objects of two or three tuples each. Blocks look alike.
 *
 * A block has
 *  - 20 agents in 4 teams, the fifth of each its lead; 8 projects, each of a team and administered by the next team's lead;
 *  - 60 customers, and 30 consultants, who come from all over the company;
 *  - 100 tickets, of which 80 are assigned, a quarter of these to consultants, and 24 watched by another customer;
 *  - 300 comments, three to a ticket, of which the first is the reporter's and 30 are internal; 30 mention a consultant.
 */
export interface HelpDesk {
  readonly blocks: number;
  readonly tuples: number;
  agent(block: number, agent: number): string;
  customer(block: number, customer: number): string;
  consultant(block: number, consultant: number): string;
  project(block: number, project: number): string;
  ticket(block: number, ticket: number): string;
  comment(block: number, comment: number): string;
  aboutTeam(block: number, team: number): readonly TupleKey[];
  aboutProject(block: number, project: number): readonly TupleKey[];
  aboutTicket(block: number, ticket: number): readonly TupleKey[];
  aboutComment(block: number, comment: number): readonly TupleKey[];
}

export const TUPLES_PER_BLOCK = 1_000;
export const TEAMS = 4;
export const PROJECTS = 8;
export const TICKETS = 100;
export const COMMENTS = 300;
export const CUSTOMERS = 60;
export const CONSULTANTS = 30;
const TEAM_SIZE = 5;

export function helpDesk(blocks: number, seed: number): HelpDesk {
  const ids: Ids = {
    agent: inBlocks(namer("u", 1, seed), TEAMS * TEAM_SIZE),
    customer: inBlocks(namer("c", 2, seed), CUSTOMERS),
    consultant: fromFarBlocks(namer("x", 3, seed), CONSULTANTS, blocks),
    team: inBlocks(namer("t", 4, seed), TEAMS),
    project: inBlocks(namer("p", 5, seed), PROJECTS),
    ticket: inBlocks(namer("i", 6, seed), TICKETS),
    comment: inBlocks(namer("k", 7, seed), COMMENTS),
  };
  return {
    ...ids,
    blocks,
    tuples: blocks * TUPLES_PER_BLOCK,
    aboutTeam: (block, team) => teamTuples(ids, block, team),
    aboutProject: (block, project) => projectTuples(ids, block, project),
    aboutTicket: (block, ticket) => ticketTuples(ids, block, ticket),
    aboutComment: (block, comment) => commentTuples(ids, block, comment),
  };
}

type Ids = Readonly<
  Record<"agent" | "customer" | "consultant" | "team" | "project" | "ticket" | "comment", BlockNamer>
>;

export const projectOf = (ticket: number) => ticket % PROJECTS;
export const teamOf = (project: number) => project % TEAMS;
export const agentOf = (team: number, number: number) => (team % TEAMS) * TEAM_SIZE + number;
export const leadOf = (team: number) => agentOf(team, TEAM_SIZE - 1);
export const adminOf = (project: number) => leadOf(teamOf(project) + 1);

export const reporterOf = (ticket: number) => (ticket * 7) % CUSTOMERS;
/** Half way around from the reporter. */
export const watcherOf = (ticket: number) =>
  (ticket % 25) % 4 === 1 ? (reporterOf(ticket) + CUSTOMERS / 2) % CUSTOMERS : undefined;

/** One in the project's team, a consultant, or nobody yet. */
export type Assignee = { readonly kind: "agent" | "consultant"; readonly number: number } | undefined;

export function assigneeOf(ticket: number): Assignee {
  if (ticket % 5 === 0) return undefined;
  if (ticket % 5 === 1) return { kind: "consultant", number: ticket % CONSULTANTS };
  return { kind: "agent", number: agentOf(teamOf(projectOf(ticket)), (ticket >> 3) % TEAM_SIZE) };
}

export const ticketOf = (comment: number) => Math.floor(comment / 3);
export const isByReporter = (comment: number) => comment % 3 === 0;
/** Of the project's team, but for its lead. */
export const answererOf = (comment: number) => agentOf(teamOf(projectOf(ticketOf(comment))), comment % 4);
export const isInternal = (comment: number) => comment % 10 === 4;
export const mentionedOf = (comment: number) =>
  comment % 10 === 6 ? (ticketOf(comment) + 11) % CONSULTANTS : undefined;

function teamTuples(ids: Ids, block: number, team: number): readonly TupleKey[] {
  const id = ids.team(block, team);
  return [0, 1, 2, 3, 4].map((number) =>
    userOn("team", id, number === TEAM_SIZE - 1 ? "lead" : "agent", ids.agent(block, agentOf(team, number))),
  );
}

function projectTuples(ids: Ids, block: number, project: number): readonly TupleKey[] {
  const id = ids.project(block, project);
  return [
    objectOn("project", id, "team", "team", ids.team(block, teamOf(project))),
    userOn("project", id, "admin", ids.agent(block, adminOf(project))),
  ];
}

function ticketTuples(ids: Ids, block: number, ticket: number): readonly TupleKey[] {
  const id = ids.ticket(block, ticket);
  const tuples = [
    objectOn("ticket", id, "project", "project", ids.project(block, projectOf(ticket))),
    userOn("ticket", id, "reporter", ids.customer(block, reporterOf(ticket))),
  ];
  const assignee = assigneeOf(ticket);
  if (assignee !== undefined) tuples.push(userOn("ticket", id, "assignee", ids[assignee.kind](block, assignee.number)));
  const watcher = watcherOf(ticket);
  if (watcher !== undefined) tuples.push(userOn("ticket", id, "watcher", ids.customer(block, watcher)));
  return tuples;
}

function commentTuples(ids: Ids, block: number, comment: number): readonly TupleKey[] {
  const [id, ticket] = [ids.comment(block, comment), ticketOf(comment)];
  const author = isByReporter(comment)
    ? ids.customer(block, reporterOf(ticket))
    : ids.agent(block, answererOf(comment));
  const tuples = [
    objectOn("comment", id, "ticket", "ticket", ids.ticket(block, ticket)),
    userOn("comment", id, "author", author),
  ];
  if (isInternal(comment)) tuples.push(userOn("comment", id, "internal", "*"));
  const mentioned = mentionedOf(comment);
  if (mentioned !== undefined) tuples.push(userOn("comment", id, "mentioned", ids.consultant(block, mentioned)));
  return tuples;
}
