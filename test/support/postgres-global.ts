import type { TestProject } from "vitest/node";
import { startTestServer } from "./postgres-server.ts";
import { createTemplate, dropAll, type TestCluster } from "./postgres-template.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** See createTestDatabase in postgres.ts. */
    testCluster: TestCluster;
  }
}

/** Vitest's global setup: one Postgres for the whole run. Returns its end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer(process.env);
  try {
    const cluster = await createTemplate(server.admin, `relata_test_${process.pid}_${Date.now().toString(36)}_`);
    project.provide("testCluster", cluster);
    return async () => {
      // A server of our own takes its databases with it.
      if (server.kind === "url") await dropAll(cluster);
      await server.stop();
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
