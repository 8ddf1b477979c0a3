import {
  createRelataClient,
  Decision,
  type RelataClient,
  TupleUpdate_Operation,
} from "../../src/client/relata-client.ts";
import type { Revision } from "../../src/model/revision.ts";
import type { KnownLookup, KnownQuestion, Workload } from "../workloads/workload.ts";

/** What was asked by the clients of the product, for what the load generator does not decode. */
export interface Verified {
  readonly compared: number;
  readonly wrong: readonly string[];
}

/** Written and taken away again, one after the other. */
const CHANGES = 20;

export async function withClient<T>(
  port: number,
  token: string,
  use: (client: RelataClient) => Promise<T>,
): Promise<T> {
  const client = createRelataClient({ address: `127.0.0.1:${port}`, token });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** Every list whole: each id once, and no other. */
export async function verifyLookups(client: RelataClient, lookups: readonly KnownLookup[]): Promise<Verified> {
  const wrong: string[] = [];
  for (const {
    resourceType,
    permission,
    subject: { type, id, relation },
    results,
    kind,
  } of lookups) {
    const found: string[] = [];
    const asked = { objectType: resourceType, permission, subject: { object: { type, id }, relation } };
    for await (const { objectId } of client.authorization.lookupResources(asked)) found.push(objectId);
    const known = new Set(results);
    if (found.length === known.size && found.every((id) => known.delete(id)) && known.size === 0) continue;
    wrong.push(`${kind}: ${found.length} of ${results.length} results, ${known.size} of them missing`);
  }
  return { compared: lookups.length, wrong };
}

/** That a write is in the answer to who brings its token, and so is its end. */
export async function verifyChanges(client: RelataClient, work: Workload): Promise<Verified> {
  const wrong: string[] = [];
  for (let index = 0; index < CHANGES; index += 1) {
    const { objectType, objectId, relation, subjectType, subjectId, subjectRelation } = work.change(index);
    const object = { type: objectType, id: objectId };
    const subject = { object: { type: subjectType, id: subjectId }, relation: subjectRelation };
    const question = work.changeQuestion?.(index);
    const asked = question === undefined ? { object, permission: relation, subject } : questionOf(question);
    for (const operation of [TupleUpdate_Operation.TOUCH, TupleUpdate_Operation.DELETE]) {
      const tuple = { object, relation, subject };
      const { consistencyToken } = await client.tuples.write({ updates: [{ operation, tuple }] });
      const requirement = { case: "atLeastAsFresh" as const, value: consistencyToken };
      const { decision } = await client.authorization.check({ ...asked, consistency: { requirement } });
      const right = operation === TupleUpdate_Operation.TOUCH ? Decision.ALLOWED : Decision.DENIED;
      if (decision !== right) wrong.push(`${work.name}: change ${index} is not seen with the token of its write`);
    }
  }
  return { compared: 2 * CHANGES, wrong };
}

function questionOf({ question: { object, member, subject } }: KnownQuestion) {
  const { type, id, relation } = subject;
  return { object, permission: member, subject: { object: { type, id }, relation } };
}

/** Each write that was answered is one revision, without gaps: none is lost, none counts twice. */
export function verifyRevisions(name: string, before: Revision, after: Revision, writes: number): Verified {
  const made = after - before;
  return {
    compared: 1,
    wrong: made === writes ? [] : [`${name}: ${writes} writes were answered, and made ${made} revisions`],
  };
}
