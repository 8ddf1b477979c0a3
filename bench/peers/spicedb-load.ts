import type { v1 } from "@authzed/authzed-node";
import type { Tuple } from "../../src/model/tuple.ts";
import type { Workload } from "../workloads/workload.ts";
import { explain, isUnimplemented, type SpiceDbClient } from "./spicedb-client.ts";
import { tenantPrefix } from "./spicedb-ids.ts";
import { relationshipOf } from "./spicedb-messages.ts";

/** The most a WriteRelationships takes by default. */
const BATCH = 1_000;
/** Of everything in one stream, which is one transaction. */
const LOADING_MS = 1_800_000;

/** Writes every tuple of every tenant. @returns how many */
export async function loadTuples(client: SpiceDbClient, work: Workload): Promise<number> {
  try {
    return await importAll(client, work).catch((error: unknown) => {
      if (isUnimplemented(error)) return writeAll(client, work);
      throw error;
    });
  } catch (error) {
    throw explain(error, client.address, "loading tuples");
  }
}

async function importAll({ sdk, calls }: SpiceDbClient, work: Workload): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const deadline = Date.now() + LOADING_MS;
  const stream = calls.importBulkRelationships({ deadline }, (error, answer) => {
    if (error !== null) reject(error);
    else resolve(Number(answer?.numLoaded ?? 0));
  });
  // Whoever waits for room to write would wait for ever once the call has failed.
  const failed = promise.then(() => undefined);
  failed.catch(() => undefined);
  for (const relationships of batches(sdk, work)) {
    const roomy = stream.write(sdk.ImportBulkRelationshipsRequest.create({ relationships: [...relationships] }));
    if (!roomy) await Promise.race([new Promise((next) => stream.once("drain", next)), failed]);
  }
  stream.end();
  return promise;
}

async function writeAll({ sdk, calls }: SpiceDbClient, work: Workload): Promise<number> {
  const operation = sdk.RelationshipUpdate_Operation.TOUCH;
  let count = 0;
  for (const relationships of batches(sdk, work)) {
    const updates = relationships.map((relationship) => ({ operation, relationship }));
    await calls.promises.writeRelationships(sdk.WriteRelationshipsRequest.create({ updates }));
    count += updates.length;
  }
  return count;
}

function* batches(client: SpiceDbClient["sdk"], work: Workload): Iterable<readonly v1.Relationship[]> {
  let batch: v1.Relationship[] = [];
  for (let tenant = 0; tenant < work.tenants; tenant += 1) {
    const prefix = tenantPrefix(work.tenants, tenant);
    for (const tuple of work.generate(tenant) as Iterable<Tuple>) {
      batch.push(relationshipOf(client, tuple, prefix));
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
