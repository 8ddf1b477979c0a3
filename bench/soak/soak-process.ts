// The server of the soak in a process of its own, so that the memory that is watched is its own.
import type { ClientConfig } from "pg";
import { type RunningServer, startServer } from "../../src/cli/serve.ts";
import type { ResidencyOptions } from "../../src/graph/residency-options.ts";
import { SILENT_LOGGER } from "../../src/log.ts";
import type { ResidencyStats } from "../../src/model/residency.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { answerParent } from "../load/child.ts";
import { serverConfig } from "../server-config.ts";

export type SoakOrder =
  | {
      readonly what: "start";
      /** As the application role. */
      readonly connection: ClientConfig;
      readonly settings: Readonly<Record<string, unknown>>;
      readonly residencyOptions: Partial<ResidencyOptions>;
    }
  | { readonly what: "look" };

export interface SoakSight {
  readonly grpcPort: number;
  readonly opsPort: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Those of tables of numbers and of buffers. */
  readonly externalBytes: number;
  readonly stats: Omit<ResidencyStats, "tenants"> & { readonly resident: number; readonly followed: number };
}

let server: RunningServer | undefined;

async function answer(order: SoakOrder): Promise<SoakSight> {
  if (order.what === "start") server = await start(order);
  if (server === undefined) throw new Error("nothing has been started yet");
  const { tenants, ...stats } = server.residency.stats();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    grpcPort: server.grpcPort,
    opsPort: server.opsPort ?? 0,
    rssBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    stats: {
      ...stats,
      resident: tenants.filter(({ state }) => state === "resident").length,
      followed: tenants.length,
    },
  };
}

async function start(order: Extract<SoakOrder, { what: "start" }>): Promise<RunningServer> {
  const { connection, settings, residencyOptions } = order;
  const config = serverConfig(settings);
  const { databasePoolMax: poolMax, maxDeadlineMs: statementTimeoutMs } = config;
  const store = await createPostgresStore({ connection, poolMax, statementTimeoutMs });
  return startServer(config, { log: SILENT_LOGGER, store, residencyOptions });
}

answerParent(answer, () => server?.close());
