// Changes a tenant at a steady rate, in a process of its own, as another node would.
import { setTimeout } from "node:timers/promises";
import type { ClientConfig } from "pg";
import type { Store } from "../../src/model/store.ts";
import type { TenantPlace } from "../../src/model/tenant.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { answerParent } from "../load/child.ts";
import { type DocumentsWorkload, documents } from "../workloads/documents.ts";

export type WriterOrder =
  | {
      readonly what: "start";
      /** As the application role. */
      readonly connection: ClientConfig;
      readonly tenant: TenantPlace;
      /** That the tenant has. */
      readonly tuples: number;
    }
  | { readonly what: "write"; readonly changesPerSecond: number; readonly durationMs: number };

export interface Written {
  readonly changes: number;
  readonly perSecond: number;
}

const CHANGES_PER_WRITE = 10;
const ORIGIN = { actor: "bench", requestId: "bench" };

let started: { readonly store: Store; readonly tenant: TenantPlace; readonly work: DocumentsWorkload } | undefined;
let writes = 0;

async function answer(order: WriterOrder): Promise<Written | undefined> {
  if (order.what === "start") {
    const { connection, tenant, tuples } = order;
    started = { store: await createPostgresStore({ connection, poolMax: 2 }), tenant, work: documents(tuples) };
    return undefined;
  }
  return write(order);
}

/** When a write is due is fixed beforehand: a slow one does not make room for itself. */
async function write({ changesPerSecond, durationMs }: Extract<WriterOrder, { what: "write" }>): Promise<Written> {
  const everyMs = (1000 * CHANGES_PER_WRITE) / changesPerSecond;
  const begin = performance.now();
  let done = 0;
  for (let dueMs = 0; dueMs < durationMs; dueMs += everyMs) {
    const early = begin + dueMs - performance.now();
    if (early > 0) await setTimeout(early);
    await writeOnce();
    done += 1;
  }
  const changes = done * CHANGES_PER_WRITE;
  return { changes, perSecond: changes / ((performance.now() - begin) / 1000) };
}

/** Adds ten tuples, and the next time removes them again: the tenant stays as large as it is. */
async function writeOnce(): Promise<void> {
  if (started === undefined) throw new Error("nothing has been started yet");
  const { store, tenant, work } = started;
  const operation = writes % 2 === 0 ? "touch" : "delete";
  const from = (writes - (writes % 2)) * CHANGES_PER_WRITE;
  writes += 1;
  const keys = Array.from({ length: CHANGES_PER_WRITE }, (_, index) => work.change(from + index));
  const unlike = new Map(keys.map((tuple) => [`${tuple.objectId} ${tuple.subjectId}`, tuple]));
  await store.tuples.write(tenant, {
    updates: [...unlike.values()].map((tuple) => ({ operation, tuple })),
    preconditions: [],
    schemaVersion: 1,
    nowMs: Date.now(),
    origin: ORIGIN,
  });
}

answerParent(answer, () => started?.store.close());
