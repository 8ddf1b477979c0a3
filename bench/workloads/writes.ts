import type { ObjectRef } from "../../src/model/object.ts";
import type { TupleKey } from "../../src/model/tuple.ts";
import { scatter } from "./arithmetic.ts";
import { namer } from "./ids.ts";
import { asker } from "./reasons.ts";
import { scattered } from "./scattered.ts";
import { objectOn, userOn } from "./tuple-of.ts";
import type { Workload } from "./workload.ts";
import {
  adminOf,
  COMMENTS,
  type HelpDesk,
  helpDesk,
  PROJECTS,
  reporterOf,
  TEAMS,
  TICKETS,
  TUPLES_PER_BLOCK,
} from "./writes-helpdesk.ts";
import { writeReasons } from "./writes-reasons.ts";

const SCHEMA = `definition user {}

definition team {
  relation agent: user
  relation lead: user
  permission member = agent + lead
}

definition project {
  relation team: team
  relation admin: user
  permission handle = admin + team->member
  permission manage = admin + team->lead
}

definition ticket {
  relation project: project
  relation reporter: user
  relation assignee: user
  relation watcher: user
  permission handle = assignee + project->handle
  permission view = reporter + watcher + handle
  permission close = assignee + project->manage
}

definition comment {
  relation ticket: ticket
  relation author: user
  relation mentioned: user
  relation internal: user:*
  permission read = author + mentioned + ticket->handle + (ticket->view - internal)
  permission edit = author
}
`;

/** @param tuples at least 1,000; what is over a whole thousand is left out @param seed workloads of two seeds share no ids */
export function writes(tuples: number, seed = 0): Workload {
  const blocks = Math.floor(tuples / TUPLES_PER_BLOCK);
  if (blocks < 1) throw new RangeError(`a workload of writes has at least ${TUPLES_PER_BLOCK} tuples, not ${tuples}`);
  const of = helpDesk(blocks, seed);
  const question = asker(writeReasons(of), 15_000_000 + seed);
  const changed = changer(of, seed);
  return {
    name: "writes",
    about: "a help desk, where every second call writes: a new ticket, a comment, a watcher, a mention",
    schema: SCHEMA,
    tuples: of.tuples,
    tenants: 1,
    *generate() {
      for (const [block, team] of scattered(blocks, TEAMS)) yield* of.aboutTeam(block, team);
      for (const [block, project] of scattered(blocks, PROJECTS)) yield* of.aboutProject(block, project);
      for (const [block, ticket] of scattered(blocks, TICKETS)) yield* of.aboutTicket(block, ticket);
      for (const [block, comment] of scattered(blocks, COMMENTS)) yield* of.aboutComment(block, comment);
    },
    question,
    questions: (count) => Array.from({ length: count }, (_, index) => question(index)),
    change: (index) => changed(index).tuple,
    changeQuestion: (index) => {
      const { object, member, user } = changed(index);
      return {
        question: { object, member, subject: { type: "user", id: user, relation: "" } },
        allowed: true,
        kind: "just written",
      };
    },
    writeShare: 0.5,
  };
}

interface Changed {
  readonly tuple: TupleKey;
  readonly object: ObjectRef;
  readonly member: string;
  /** Who may with the tuple, and may not without it. */
  readonly user: string;
}

/** By turns a new comment, a new ticket, a new watcher and a new mention: what is new has an id of its own each time. */
function changer(of: HelpDesk, seed: number): (index: number) => Changed {
  const fresh = { user: namer("n", 8, seed), ticket: namer("v", 9, seed), comment: namer("w", 10, seed) };
  return (index) => {
    const block = scatter(index, seed + 501, of.blocks);
    const pick = (below: number) => scatter(index, seed + 502, below);
    const [user, at] = [fresh.user(index), { ticket: pick(TICKETS), project: pick(PROJECTS), comment: pick(COMMENTS) }];
    const ticket = { type: "ticket", id: of.ticket(block, at.ticket) };
    if (index % 4 === 0) {
      const object = { type: "comment", id: fresh.comment(index) };
      const tuple = objectOn("comment", object.id, "ticket", "ticket", ticket.id);
      return { tuple, object, member: "read", user: of.customer(block, reporterOf(at.ticket)) };
    }
    if (index % 4 === 1) {
      const object = { type: "ticket", id: fresh.ticket(index) };
      const tuple = objectOn("ticket", object.id, "project", "project", of.project(block, at.project));
      return { tuple, object, member: "close", user: of.agent(block, adminOf(at.project)) };
    }
    if (index % 4 === 2)
      return { tuple: userOn("ticket", ticket.id, "watcher", user), object: ticket, member: "view", user };
    const comment = { type: "comment", id: of.comment(block, at.comment) };
    return { tuple: userOn("comment", comment.id, "mentioned", user), object: comment, member: "read", user };
  };
}
