import { afterAll, beforeAll, inject } from "vitest";
import { type BenchDatabase, openDatabase } from "../../bench/database/open-database.ts";
import { runWorkloads, type WorkloadsOptions, type WorkloadsResult } from "../../bench/rpc/run-workloads.ts";
import type { WorkloadName } from "../../bench/workloads/workloads.ts";
import "../support/postgres-global.ts";
import { startTestIssuer, type TestIssuer } from "../support/tokens.ts";

export const TINY = { tuples: 1_000, tenants: 2, questions: 100, rounds: 1, roundMs: 40, warmMs: 40, lookups: 3 };

interface WholePath {
  readonly run: (names: readonly WorkloadName[], more?: Partial<WorkloadsOptions>) => Promise<WorkloadsResult>;
  readonly issuer: () => TestIssuer;
}

/** The whole path of workloads, over a database of the bench's own on the tests' server. Each workload is asked once. */
export function wholePath(): WholePath {
  let database: BenchDatabase;
  let issuer: TestIssuer;
  beforeAll(async () => {
    database = await openDatabase(inject("testCluster").admin.url);
    issuer = await startTestIssuer();
  });
  afterAll(async () => {
    await issuer.close();
    await database[Symbol.asyncDispose]();
  });
  return {
    issuer: () => issuer,
    run: (names, more = {}) =>
      runWorkloads({
        ...TINY,
        database,
        issuer: issuer.trust({ tenant: { kind: "bindings" } }),
        mint: async (sub) => issuer.mint({ sub }),
        names,
        print: () => undefined,
        ...more,
      }),
  };
}
