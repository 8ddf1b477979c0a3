import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RelataClient } from "../../../src/client/relata-client.ts";
import { Decision } from "../../../src/gen/relata/v1/authorization_service_pb.ts";
import type { ConsistencySchema } from "../../../src/gen/relata/v1/core_pb.ts";
import { wireQuestion } from "../../support/server-seed.ts";
import type { Write } from "../journal.ts";

/**
 * The n-th write of a writer: a document that stays for ever, and the writer's group passes from one member to the next. So
 * whoever sees a revision can tell how many of the writer's writes are in it, and whether anything of them is missing.
 */
export function writeOf(writer: string, n: number): Write {
  return {
    id: `${writer}/${n}`,
    adds: [documentOf(writer, n), memberOf(writer, n)],
    removes: n === 0 ? [] : [memberOf(writer, n - 1)],
  };
}

function documentOf(writer: string, n: number): string {
  return `document:${writer}-${n}#viewer@user:${writer}`;
}

function memberOf(writer: string, n: number): string {
  return `group:${writer}#member@user:n${n}`;
}

export type Consistency = MessageInitShape<typeof ConsistencySchema>;
/** What a reader saw: the number of the last write in it; or what is wrong with it whatever the revision. */
export type Seen = number | { readonly wrong: string };

/** @param n the last write that is known to be there, or of an exact snapshot the last there is */
type Look = (client: RelataClient, writer: string, n: number, consistency: Consistency) => Promise<Seen>;

/** By Checks alone: the document of the n-th write, those before and behind it, and two members. */
const byChecks: Look = async (client, writer, n, consistency) => {
  const numbers = [n, n - 1, n + 1].filter((number) => number >= 0);
  const documents = numbers.map((number) => wireQuestion(`document:${writer}-${number}#view@user:${writer}`));
  const members = numbers.map((number) => wireQuestion(memberOf(writer, number)));
  const { results } = await client.authorization.batchCheck({ items: [...documents, ...members], consistency });
  const allowed = results.map(({ result }) => {
    if (result.case !== "answer") throw new Error(`an item of a batch has no answer: ${JSON.stringify(result)}`);
    return result.value.decision === Decision.ALLOWED;
  });
  const seen = (number: number) => allowed[numbers.indexOf(number)] === true;
  const belongs = (number: number) => allowed[numbers.length + numbers.indexOf(number)] === true;
  const tells = `documents ${numbers.map(seen)}, members ${numbers.map(belongs)} of ${numbers}`;
  if (!seen(n) || (n > 0 && (!seen(n - 1) || belongs(n - 1)))) return { wrong: `write ${n} is not there: ${tells}` };
  if (seen(n + 1) ? belongs(n) : !belongs(n)) return { wrong: `half of write ${n + 1} is there: ${tells}` };
  return seen(n + 1) ? n + 1 : n;
};

/** The plain Check, which takes another way through memory than a batch. */
const byCheck: Look = async (client, writer, n, consistency) => {
  const check = async (text: string) =>
    (await client.authorization.check({ ...wireQuestion(text), consistency })).decision === Decision.ALLOWED;
  if (!(await check(`document:${writer}-${n}#view@user:${writer}`))) return { wrong: `document ${n} is not there` };
  if (n > 0 && (await check(memberOf(writer, n - 1)))) return { wrong: `member ${n - 1} is still there` };
  return n;
};

const byRead: Look = async (client, writer, _, consistency) => {
  const members: string[] = [];
  const filter = { objectType: "group", objectId: writer };
  for await (const { tuple } of client.tuples.read({ filter, consistency }))
    members.push(tuple?.subject?.object?.id ?? "");
  return onlyMember(members);
};

const bySubjects: Look = async (client, writer, _, consistency) => {
  const question = { object: { type: "group", id: writer }, permission: "member", subjectType: "user", consistency };
  const members: string[] = [];
  for await (const { subjectId } of client.authorization.lookupSubjects(question)) members.push(subjectId);
  return onlyMember(members);
};

function onlyMember(members: readonly string[]): Seen {
  const [member = ""] = members;
  if (members.length !== 1) return { wrong: `the group has ${members.length} members: ${members.slice(0, 5)}` };
  return Number(member.slice(1));
}

const byResources: Look = async (client, writer, _, consistency) => {
  const subject = { object: { type: "user", id: writer } };
  const seen = new Set<number>();
  let answers = 0;
  const question = { objectType: "document", permission: "view", subject, consistency };
  for await (const { objectId } of client.authorization.lookupResources(question)) {
    answers += 1;
    seen.add(Number(objectId.slice(writer.length + 1)));
  }
  const last = seen.size - 1;
  if (answers !== seen.size) return { wrong: `${answers} answers for ${seen.size} documents` };
  for (let number = 0; number <= last; number += 1)
    if (!seen.has(number)) return { wrong: `of ${seen.size} documents number ${number} is missing` };
  return last;
};

/** Cheap ones first; the last reads everything that a writer wrote. */
export const LOOKS = { byChecks, byCheck, byRead, bySubjects, byResources } as const;
export type LookName = keyof typeof LOOKS;
