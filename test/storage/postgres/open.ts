import type { ServingStore } from "../../../src/model/serving-store.ts";
import { createPostgresStore, type PostgresStoreOptions } from "../../../src/storage/postgres/store.ts";
import { createTestDatabase, type TestDatabase } from "../../support/postgres.ts";

/** A database of the test's own and a store on it, as the service would open it. */
export async function openStore(
  options: Partial<PostgresStoreOptions> = {},
): Promise<{ store: ServingStore; database: TestDatabase; close(): Promise<void> }> {
  const database = await createTestDatabase();
  const store = await createPostgresStore({
    connection: { ...database.app },
    maintenance: { ...database.maintenance },
    ...options,
  });
  const close = async () => {
    await store.close();
    await database.drop();
  };
  return { store, database, close };
}
