import type { Workload } from "../workloads/workload.ts";
import { calling, codeOf, type OpenFgaServer, wordsOf } from "./openfga-client.ts";
import type { OpenFgaTuple } from "./openfga-format.ts";
import { tenantPrefix } from "./openfga-ids.ts";
import type { ConvertedSchema } from "./openfga-model.ts";
import { tupleOf } from "./openfga-tuples.ts";

/** Where tuples are written. */
export interface OpenFgaStore {
  readonly server: OpenFgaServer;
  readonly storeId: string;
  readonly modelId: string;
}

/** The most that a Write takes by default, and so many of them at a time. */
const BATCH = 100;
const IN_FLIGHT = 8;
const TELL_EVERY_MS = 10_000;

/** Writes every tuple of every tenant. @returns how many */
export async function loadTuples(
  store: OpenFgaStore,
  converted: ConvertedSchema,
  work: Workload,
  print: (line: string) => void,
): Promise<number> {
  const room = { most: BATCH };
  const batches = batched(converted, work, room);
  let written = 0;
  let toldMs = performance.now();
  const worker = async () => {
    // All share the one iterator: each takes the next batch when it is done with its last.
    for (let next = batches.next(); next.done !== true; next = batches.next()) {
      await writeBatch(store, next.value, room);
      written += next.value.length;
      if (performance.now() - toldMs < TELL_EVERY_MS) continue;
      toldMs = performance.now();
      print(`openfga: ${written.toLocaleString("en-US")} of ${work.tuples.toLocaleString("en-US")} tuples written`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return written;
}

function* batched(
  converted: ConvertedSchema,
  work: Workload,
  room: { readonly most: number },
): Generator<readonly OpenFgaTuple[], undefined> {
  let batch: OpenFgaTuple[] = [];
  for (let tenant = 0; tenant < work.tenants; tenant += 1) {
    const prefix = tenantPrefix(work.tenants, tenant);
    for (const tuple of work.generate(tenant)) {
      batch.push(tupleOf(converted, tuple, prefix));
      if (batch.length < room.most) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function writeBatch(store: OpenFgaStore, tuples: readonly OpenFgaTuple[], room: { most: number }): Promise<void> {
  const { server, storeId, modelId } = store;
  const most = await calling(server, "writing tuples", async () => {
    try {
      await server.client.write({ writes: [...tuples] }, { storeId, authorizationModelId: modelId });
      return undefined;
    } catch (error) {
      // A server may be started with a smaller limit, which it tells only in this way.
      const allowed = limitIn(error);
      if (allowed === undefined || allowed < 1 || allowed >= tuples.length) throw error;
      return allowed;
    }
  });
  if (most === undefined) return;
  room.most = Math.min(room.most, most);
  for (let from = 0; from < tuples.length; from += most) await writeBatch(store, tuples.slice(from, from + most), room);
}

function limitIn(error: unknown): number | undefined {
  if (codeOf(error) !== "exceeded_entity_limit") return undefined;
  const [, limit] = /limit of (\d+)/.exec(wordsOf(error)) ?? [];
  return limit === undefined ? undefined : Number(limit);
}
