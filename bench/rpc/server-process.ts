// The server of the bench in a process of its own, so that its CPU time is its own too.

import type { ClientConfig } from "pg";
import { startServer } from "../../src/cli/serve.ts";
import { createLogger } from "../../src/log.ts";
import { createCallLimits, NO_LIMITS } from "../../src/rpc/limits/call-limits.ts";
import type { LoopLag } from "../../src/rpc/limits/loop-lag.ts";
import { createPostgresStore } from "../../src/storage/postgres/store.ts";
import { answerParent } from "../load/child.ts";
import { startProfile, stopProfile } from "../load/cpu-profile.ts";
import { serverConfig } from "../server-config.ts";
import { startAuthenticatedEcho, startTransportEcho } from "./authenticated-echo.ts";
import { addEchoToServers } from "./echo.ts";
import { addEchoToHttpServers } from "./http-echo.ts";

export type ServerOrder =
  | {
      readonly what: "start";
      /** As the application role. */
      readonly connection: ClientConfig;
      /** As an operator would write them; the database, the ports and the token keys are given. */
      readonly settings: Readonly<Record<string, unknown>>;
      /** Nothing stands between tenants, to see what the limits are good for. */
      readonly unlimited?: boolean;
      /** Refuses nobody because the process is late: a load that keeps it busy on purpose is to be answered, not shed. */
      readonly patient?: boolean;
    }
  | { readonly what: "look" }
  | { readonly what: "profile"; readonly file?: string };

export interface ServerSight {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Of the echo by the service's own transport. */
  readonly transportEchoPort: number;
  /** Of the echo behind all interceptors. */
  readonly echoPort: number;
  /** Since the process began, all threads. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Tenants of which all tuples are in memory. */
  readonly resident: number;
}

const NEVER_LATE: LoopLag = { lateMs: 0, close: () => undefined };
const CLOSERS: (() => Promise<void>)[] = [];
let ports = { grpcPort: 0, httpPort: 0, transportEchoPort: 0, echoPort: 0 };
let residents = (): number => 0;

async function answer(order: ServerOrder): Promise<ServerSight> {
  if (order.what === "start") ports = await start(order);
  if (order.what === "profile") await (order.file === undefined ? startProfile() : stopProfile(order.file));
  const { user, system } = process.cpuUsage();
  return { ...ports, cpuMicros: user + system, rssBytes: process.memoryUsage.rss(), resident: residents() };
}

async function start({
  connection,
  settings,
  unlimited,
  patient,
}: Extract<ServerOrder, { what: "start" }>): Promise<typeof ports> {
  addEchoToServers();
  addEchoToHttpServers();
  const config = serverConfig(settings);
  const log = createLogger({ level: config.logLevel });
  const store = await createPostgresStore({
    connection,
    poolMax: config.databasePoolMax,
    statementTimeoutMs: config.maxDeadlineMs,
  });
  const limits = unlimited ? NO_LIMITS : patient ? createCallLimits(config, { lag: NEVER_LATE }) : undefined;
  const server = await startServer(config, { log, store, opsPort: false, ...(limits && { limits }) });
  residents = () => server.residency.stats().tenants.filter(({ state }) => state === "resident").length;
  const echo = await startAuthenticatedEcho(config, store, log);
  const transportEcho = await startTransportEcho(config, log);
  CLOSERS.push(
    () => transportEcho.stop(0),
    () => echo.stop(0),
    () => server.close(),
  );
  const { grpcPort, httpPort } = server;
  return { grpcPort, httpPort, transportEchoPort: transportEcho.port, echoPort: echo.port };
}

answerParent(answer, async () => {
  for (const close of CLOSERS) await close();
});
