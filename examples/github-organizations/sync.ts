import type { RelataClient } from "../../src/client/relata-client.ts";
import {
  type TupleUpdate_Operation as Operation,
  TupleUpdate_Operation,
} from "../../src/gen/relata/v1/tuple_service_pb.ts";
import type { Tuple } from "../../src/model/tuple.ts";
import { formatTuple } from "../../src/model/tuple-text.ts";

/** What one run changed. */
export interface SyncReport {
  readonly added: number;
  readonly removed: number;
  readonly unchanged: number;
  /** Of the last write: pass it to Check as `at_least_as_fresh`. Empty when nothing had to change. */
  readonly consistencyToken: string;
}

export interface SyncOptions {
  readonly schema: string;
  readonly tuples: readonly Tuple[];
  readonly onProgress?: (done: number, total: number) => void;
}

/** Object types that belong to this example: what is stored of them and not in the YAML any more is removed. */
const OWNED_TYPES = ["organization", "team", "repository"];

/** The server's limit of one Write. */
const UPDATES_PER_WRITE = 1_000;

/**
 * Makes a tenant's tuples those of the YAML: what is new is written, what is gone is removed. Running it again changes
 * nothing. Removals come first, so that nobody keeps a right for the length of an import.
 */
export async function syncOrganizations(client: RelataClient, options: SyncOptions): Promise<SyncReport> {
  await writeSchema(client, options.schema);
  const wanted = new Map(options.tuples.map((tuple) => [formatTuple(tuple), tuple]));
  const stored = await readStored(client);
  const removed = [...stored].filter(([text]) => !wanted.has(text)).map(([, tuple]) => tuple);
  const added = [...wanted].filter(([text]) => !stored.has(text)).map(([, tuple]) => tuple);
  const updates = [
    ...removed.map((tuple) => update(TupleUpdate_Operation.DELETE, tuple)),
    ...added.map((tuple) => update(TupleUpdate_Operation.TOUCH, tuple)),
  ];
  let consistencyToken = "";
  for (let start = 0; start < updates.length; start += UPDATES_PER_WRITE) {
    const batch = updates.slice(start, start + UPDATES_PER_WRITE);
    ({ consistencyToken } = await client.tuples.write({ updates: batch }));
    options.onProgress?.(start + batch.length, updates.length);
  }
  return { added: added.length, removed: removed.length, unchanged: wanted.size - added.length, consistencyToken };
}

/** Every write of a schema is a new version, so the same text is not written again. */
async function writeSchema(client: RelataClient, text: string): Promise<void> {
  const { changes, currentVersion } = await client.schemas.diff({ text });
  if (currentVersion === 0 || changes.length > 0) await client.schemas.write({ text });
}

async function readStored(client: RelataClient): Promise<Map<string, Tuple>> {
  const stored = new Map<string, Tuple>();
  for (const objectType of OWNED_TYPES) {
    const page = client.tuples.read({
      filter: { objectType },
      consistency: { requirement: { case: "fullyConsistent", value: true } },
    });
    for await (const { tuple: found } of page) {
      if (found?.object === undefined || found.subject?.object === undefined) continue;
      const tuple = {
        objectType: found.object.type,
        objectId: found.object.id,
        relation: found.relation,
        subjectType: found.subject.object.type,
        subjectId: found.subject.object.id,
        subjectRelation: found.subject.relation,
      };
      stored.set(formatTuple(tuple), tuple);
    }
  }
  return stored;
}

function update(operation: Operation, tuple: Tuple) {
  return {
    operation,
    tuple: {
      object: { type: tuple.objectType, id: tuple.objectId },
      relation: tuple.relation,
      subject: { object: { type: tuple.subjectType, id: tuple.subjectId }, relation: tuple.subjectRelation },
    },
  };
}
