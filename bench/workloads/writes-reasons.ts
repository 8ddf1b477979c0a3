import type { Draw, Reason } from "./reasons.ts";
import {
  adminOf,
  agentOf,
  answererOf,
  assigneeOf,
  COMMENTS,
  CONSULTANTS,
  CUSTOMERS,
  type HelpDesk,
  isByReporter,
  isInternal,
  leadOf,
  mentionedOf,
  projectOf,
  reporterOf,
  TEAMS,
  TICKETS,
  teamOf,
  ticketOf,
  watcherOf,
} from "./writes-helpdesk.ts";

/** Of a ticket or a comment, by its number in the block. */
type Test = (number: number) => boolean;
/** @returns a user's id */
type Person = (block: number, number: number, draw: Draw) => string;
type Make = (name: string, weight: number, members: readonly string[], test: Test, person: Person) => Reason;

const any: Test = () => true;
const isTeams: Test = (ticket) => assigneeOf(ticket)?.kind !== "agent";
const isConsultants: Test = (ticket) => assigneeOf(ticket)?.kind === "consultant";
const isWatched: Test = (ticket) => watcherOf(ticket) !== undefined;
const isInternalAnswer: Test = (comment) => isInternal(comment) && !isByReporter(comment);
const isOpenAnswer: Test = (comment) => !isInternal(comment) && !isByReporter(comment);
const mentions: Test = (comment) => mentionedOf(comment) !== undefined;
const teamAt = (ticket: number) => teamOf(projectOf(ticket));
/** Neither of the project's team nor of its admin's. */
const otherTeam = (ticket: number, draw: Draw) => (teamAt(ticket) + 2 + draw(4, 2)) % TEAMS;
/** Nearer to the reporter than any watcher is. */
const otherCustomer = (ticket: number, draw: Draw) => (reporterOf(ticket) + 1 + draw(4, CUSTOMERS / 2 - 1)) % CUSTOMERS;

export function writeReasons(of: HelpDesk): readonly Reason[] {
  const reason =
    (allowed: boolean, type: "ticket" | "comment"): Make =>
    (name, weight, members, test, person) => {
      const count = type === "ticket" ? TICKETS : COMMENTS;
      const numbers = Array.from({ length: count }, (_, number) => number).filter(test);
      if (numbers.length === 0) throw new Error(`no ${type} has a question of the kind: ${name}`);
      return {
        name,
        allowed,
        weight,
        ask(draw) {
          const block = draw(1, of.blocks);
          const number = numbers[draw(2, numbers.length)] ?? 0;
          const member = members[draw(3, members.length)] ?? "";
          return { object: { type, id: of[type](block, number) }, member, user: person(block, number, draw) };
        },
      };
    };
  return [
    ...ticketsAllowed(of, reason(true, "ticket")),
    ...ticketsDenied(of, reason(false, "ticket")),
    ...commentsAllowed(of, reason(true, "comment")),
    ...commentsDenied(of, reason(false, "comment")),
  ];
}

function ticketsAllowed(of: HelpDesk, make: Make): readonly Reason[] {
  return [
    make("reporter", 4, ["view"], any, (block, ticket) => of.customer(block, reporterOf(ticket))),
    make("watcher", 2, ["view"], isWatched, (block, ticket) => of.customer(block, watcherOf(ticket) ?? 0)),
    make("agent of the project's team", 4, ["view", "handle"], any, (block, ticket, draw) =>
      of.agent(block, agentOf(teamAt(ticket), draw(4, 5))),
    ),
    make("lead of the project's team", 2, ["close"], any, (block, ticket) => of.agent(block, leadOf(teamAt(ticket)))),
    make("admin of the project", 2, ["view", "handle", "close"], any, (block, ticket) =>
      of.agent(block, adminOf(projectOf(ticket))),
    ),
    make("assigned consultant", 3, ["view", "handle", "close"], isConsultants, (block, ticket) =>
      of.consultant(block, assigneeOf(ticket)?.number ?? 0),
    ),
  ];
}

function ticketsDenied(of: HelpDesk, make: Make): readonly Reason[] {
  return [
    make("reporter of another ticket", 4, ["view"], any, (block, ticket, draw) =>
      of.customer(block, otherCustomer(ticket, draw)),
    ),
    make("reporter who would handle", 2, ["handle", "close"], any, (block, ticket) =>
      of.customer(block, reporterOf(ticket)),
    ),
    make("agent of another team", 4, ["view", "handle"], any, (block, ticket, draw) =>
      of.agent(block, agentOf(otherTeam(ticket, draw), draw(5, 5))),
    ),
    make("agent who would close", 3, ["close"], isTeams, (block, ticket, draw) =>
      of.agent(block, agentOf(teamAt(ticket), draw(4, 4))),
    ),
    make("consultant for another ticket", 2, ["view", "handle"], isConsultants, (block, ticket, draw) =>
      of.consultant(block, ((assigneeOf(ticket)?.number ?? 0) + 1 + draw(4, CONSULTANTS - 1)) % CONSULTANTS),
    ),
    make("unknown user", 1, ["view"], any, (_, __, draw) => `nobody-${draw(4, 1 << 30)}`),
  ];
}

function commentsAllowed(of: HelpDesk, make: Make): readonly Reason[] {
  return [
    make("reporter reads an answer", 4, ["read"], isOpenAnswer, (block, comment) =>
      of.customer(block, reporterOf(ticketOf(comment))),
    ),
    make("agent reads what is internal", 3, ["read"], isInternal, (block, comment, draw) =>
      of.agent(block, agentOf(teamAt(ticketOf(comment)), draw(4, 5))),
    ),
    make("author", 2, ["edit", "read"], any, (block, comment) =>
      isByReporter(comment) ? of.customer(block, reporterOf(ticketOf(comment))) : of.agent(block, answererOf(comment)),
    ),
    make("mentioned consultant", 2, ["read"], mentions, (block, comment) =>
      of.consultant(block, mentionedOf(comment) ?? 0),
    ),
  ];
}

function commentsDenied(of: HelpDesk, make: Make): readonly Reason[] {
  return [
    make("reporter and what is internal", 4, ["read"], isInternalAnswer, (block, comment) =>
      of.customer(block, reporterOf(ticketOf(comment))),
    ),
    make("reader of another ticket's comment", 3, ["read"], any, (block, comment, draw) =>
      of.customer(block, otherCustomer(ticketOf(comment), draw)),
    ),
    make("reader who would edit", 3, ["edit"], any, (block, comment) =>
      of.agent(block, leadOf(teamAt(ticketOf(comment)))),
    ),
  ];
}
