import type { RelataClient } from "../../src/client/relata-client.ts";
import type { ReachableDocuments } from "../workloads/reachable-documents.ts";

export interface Drained {
  readonly results: number;
  readonly firstMs: number;
  readonly totalMs: number;
}

const TIMEOUT_MS = 60_000;

function ask(client: RelataClient, work: ReachableDocuments, permission: string, signal?: AbortSignal) {
  const { type, id, relation } = work.subject;
  const question = { objectType: work.objectType, permission, subject: { object: { type, id }, relation } };
  return client.authorization.lookupResources(question, { timeoutMs: TIMEOUT_MS, ...(signal && { signal }) });
}

/** The whole stream. @param onFirst once the first result is there @throws when ids do not ascend */
export async function drain(
  client: RelataClient,
  work: ReachableDocuments,
  permission: string,
  onFirst: () => void = () => {},
): Promise<Drained> {
  const begin = performance.now();
  let [results, firstMs, last] = [0, 0, ""];
  for await (const { objectId } of ask(client, work, permission)) {
    if (results === 0) {
      firstMs = performance.now() - begin;
      onFirst();
    }
    if (objectId <= last) throw new Error(`${objectId} after ${last}`);
    last = objectId;
    results += 1;
  }
  return { results, firstMs, totalMs: performance.now() - begin };
}

/** Leaves in the middle of the stream. @returns when, milliseconds since the epoch */
export async function leaveAfter(
  results: number,
  client: RelataClient,
  work: ReachableDocuments,
  permission: string,
): Promise<number> {
  const leaving = new AbortController();
  let [seen, leftAtMs] = [0, 0];
  try {
    for await (const _ of ask(client, work, permission, leaving.signal)) {
      seen += 1;
      if (seen !== results) continue;
      leftAtMs = performance.timeOrigin + performance.now();
      leaving.abort();
    }
  } catch (error) {
    if (leftAtMs > 0) return leftAtMs;
    throw error;
  }
  throw new Error(`the lookup came to its end after ${seen} results`);
}
