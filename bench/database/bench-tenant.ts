import type { Tenant } from "../../src/model/tenant.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { type DocumentsWorkload, documents } from "../workloads/documents.ts";
import type { Workload } from "../workloads/workload.ts";
import { fillTenant } from "./fill-tenant.ts";
import type { BenchDatabase } from "./open-database.ts";

export interface BenchTenant<Work extends Workload = DocumentsWorkload> {
  readonly tenant: Tenant;
  readonly work: Work;
  readonly fillSeconds: number;
}

const ORIGIN = { actor: "bench", requestId: "bench" };

/** A tenant with the schema and the tuples of a workload of documents. */
export function makeTenant(
  database: Pick<BenchDatabase, "owner" | "app">,
  slug: string,
  tuples: number,
  seed = 0,
): Promise<BenchTenant> {
  return makeTenantOf(database, slug, documents(tuples, seed));
}

/** A tenant with the schema and the tuples of one tenant of a workload. */
export async function makeTenantOf<Work extends Workload>(
  database: Pick<BenchDatabase, "owner" | "app">,
  slug: string,
  work: Work,
  number = 0,
): Promise<BenchTenant<Work>> {
  const store = await createPostgresStore({ connection: { ...database.app } });
  try {
    const tenant = await store.tenants.create({ slug }, ORIGIN);
    await store.schemas.write(tenant, { text: work.schema, expectedVersion: 0, strands: [], origin: ORIGIN });
    const begin = performance.now();
    await fillTenant(database.owner, tenant, work.generate(number));
    return { tenant, work, fillSeconds: (performance.now() - begin) / 1000 };
  } finally {
    await store.close();
  }
}
