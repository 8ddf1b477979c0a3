import type { Tenant } from "../../src/model/tenant.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { type DocumentsWorkload, documents } from "../workloads/documents.ts";
import { fillTenant } from "./fill-tenant.ts";
import type { BenchDatabase } from "./open-database.ts";

export interface BenchTenant {
  readonly tenant: Tenant;
  readonly work: DocumentsWorkload;
  readonly fillSeconds: number;
}

const ORIGIN = { actor: "bench", requestId: "bench" };

/** A tenant with the schema and the tuples of a workload of documents. */
export async function makeTenant(
  database: Pick<BenchDatabase, "owner" | "app">,
  slug: string,
  tuples: number,
  seed = 0,
): Promise<BenchTenant> {
  const work = documents(tuples, seed);
  const store = await createPostgresStore({ connection: { ...database.app } });
  try {
    const tenant = await store.tenants.create({ slug }, ORIGIN);
    await store.schemas.write(tenant, { text: work.schema, expectedVersion: 0, strands: [], origin: ORIGIN });
    const begin = performance.now();
    await fillTenant(database.owner, tenant, work.generate());
    return { tenant, work, fillSeconds: (performance.now() - begin) / 1000 };
  } finally {
    await store.close();
  }
}
