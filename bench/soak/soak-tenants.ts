import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { makeTenant } from "../database/bench-tenant.ts";
import type { BenchDatabase } from "../database/open-database.ts";
import { type DocumentsWorkload, documents } from "../workloads/documents.ts";

export interface SoakTenant {
  readonly slug: string;
  readonly work: DocumentsWorkload;
}

export interface SoakTenants {
  readonly big: SoakTenant;
  readonly small: readonly SoakTenant[];
}

/** The smallest workload there is. */
const SMALL_TUPLES = 1_000;
const MAKERS = 6;
const ORIGIN = { actor: "bench", requestId: "bench" };

/** One large tenant, and many small ones, each with ids of its own. */
export async function makeSoakTenants(
  database: BenchDatabase,
  { bigTuples, smallTenants }: { readonly bigTuples: number; readonly smallTenants: number },
): Promise<SoakTenants> {
  const { work } = await makeTenant(database, "big", bigTuples);
  const store = await createPostgresStore({ connection: { ...database.app }, statementTimeoutMs: 60_000 });
  const small: SoakTenant[] = [];
  let next = 0;
  const makeSome = async () => {
    while (next < smallTenants) {
      const number = next++;
      const made = { slug: `small-${number}`, work: documents(SMALL_TUPLES, number + 1) };
      const tenant = await store.tenants.create({ slug: made.slug }, ORIGIN);
      await store.schemas.write(tenant, { text: made.work.schema, expectedVersion: 0, strands: [], origin: ORIGIN });
      const updates = [...made.work.generate()].map((tuple) => ({ operation: "create" as const, tuple }));
      const nowMs = Date.now();
      await store.tuples.write(tenant, { updates, preconditions: [], schemaVersion: 1, nowMs, origin: ORIGIN });
      small[number] = made;
    }
  };
  try {
    await Promise.all(Array.from({ length: MAKERS }, makeSome));
  } finally {
    await store.close();
  }
  return { big: { slug: "big", work }, small };
}
