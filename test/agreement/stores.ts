import { afterAll, beforeAll } from "vitest";
import { createMemoryStore } from "../../src/storage/memory/store.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { NOW_MS } from "../support/arbitrary.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { openMemory } from "./memory-modes.ts";
import { openService, type Service } from "./service.ts";

/** Resident: in this process's memory, over the memory store. */
export const STORES = ["memory", "postgres", "resident"] as const;
export type StoreKind = (typeof STORES)[number];

/** A service over each store, for the tests of one file. */
export function openStores(): (kind: StoreKind) => Service {
  const services = new Map<StoreKind, Service>();
  let close = async () => {};
  beforeAll(async () => {
    const database = await createTestDatabase();
    const store = await createPostgresStore({ connection: database.app });
    const followed = createMemoryStore({ now: () => NOW_MS });
    const memory = openMemory(followed, "resident");
    services.set("postgres", openService(store));
    services.set("memory", openService(createMemoryStore({ now: () => NOW_MS })));
    services.set("resident", openService(followed, NOW_MS, memory));
    close = async () => {
      await memory.close();
      await store.close();
      await database.drop();
    };
  });
  afterAll(() => close());
  return (kind) => {
    const service = services.get(kind);
    if (service === undefined) throw new Error("the stores are opened before the tests");
    return service;
  };
}
