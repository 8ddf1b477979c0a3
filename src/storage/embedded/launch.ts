import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RelataError } from "../../errors.ts";
import { type Account, serverAccount } from "./account.ts";
import { locateBinaries } from "./binaries.ts";
import { initCluster, isInitialized, prepareDataDir, SUPERUSER } from "./cluster.ts";
import { SYSTEM_HOME } from "./data-dir.ts";
import { alreadyRunning, awaitFree, readPostmaster, removeStaleSocket } from "./postmaster.ts";
import { prepareRuntime } from "./runtime.ts";
import { prepareSocketDir } from "./socket-dir.ts";
import { spawnWatched, type WatchedServer } from "./watchdog.ts";

export interface EmbeddedPostgresOptions {
  /** Made when missing. Data, socket and all that belongs to this server lie in it. See defaultDataDir. */
  readonly dataDir: string;
  /** False gives up what only matters when the machine stops (fsync): for tests that throw the data away. */
  readonly durable: boolean;
  /** PostgreSQL's own settings, `{ max_connections: "200" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A directory with `postgres` and `initdb` to use instead of the bundled ones. */
  readonly binDir?: string;
}

export interface EmbeddedPostgres {
  /** A superuser, over a Unix socket only this account and root can reach. `host` is the socket's directory. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
  readonly pid: number;
  /** Resolves, never rejects, once the server has ended, whether stopped or not, with the end of its log. */
  readonly ended: Promise<string>;
  /** Stops the server and waits until it has ended; again and again if you like. */
  stop(): Promise<void>;
}

/** Only names the socket: nothing listens on a network port. */
const PORT = 5432;
/** Recovery after a crash comes before "ready" and takes as long as the log since the last checkpoint (5 min at most). */
const START_TIMEOUT_MS = 120_000;
const POLL_MS = 5;
/** Backends of a postmaster that was killed notice within a second; until then its shared memory is in use. */
const ORPHANS_MS = 10_000;
const FORGETFUL = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" } as const;

/**
 * Starts the bundled PostgreSQL on `dataDir` and resolves when it accepts connections: 1 s for a new directory, 50 ms
 * later. The server never outlives this process, however it dies. Throws STORE_UNAVAILABLE when it cannot start,
 * naming the other server's pid when one is running there already.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const account = await serverAccount();
  const pgdata = await prepareDataDir(dataDir, account);
  const runtimeHome = join(account === undefined ? dataDir : SYSTEM_HOME, "runtime");
  const binDir = await prepareRuntime(await locateBinaries(options.binDir), account, runtimeHome);
  if (!(await isInitialized(pgdata, account))) await initCluster(binDir, pgdata, account, options.durable);
  const socketDir = await prepareSocketDir(pgdata, PORT, account);
  const server = await launch(binDir, pgdata, serverArgs(options, pgdata, socketDir), socketDir, account);
  server.unref();
  const ended = server.ended.then(async () => {
    if (socketDir !== pgdata) await rm(socketDir, { recursive: true, force: true });
    return server.log();
  });
  return {
    connection: { host: socketDir, port: PORT, user: SUPERUSER, database: "postgres" },
    pid: server.pid,
    ended,
    async stop() {
      server.release();
      await ended;
    },
  };
}

function serverArgs(options: EmbeddedPostgresOptions, pgdata: string, socketDir: string): readonly string[] {
  const settings = {
    listen_addresses: "",
    unix_socket_permissions: "0700",
    log_destination: "stderr",
    logging_collector: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    ...(options.durable ? {} : FORGETFUL),
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", pgdata, "-k", socketDir, "-p", String(PORT), ...flags];
}

async function launch(
  binDir: string,
  pgdata: string,
  args: readonly string[],
  socketDir: string,
  account: Account | undefined,
): Promise<WatchedServer> {
  const started = performance.now();
  for (;;) {
    await awaitFree(pgdata);
    await removeStaleSocket(socketDir, PORT);
    const server = await spawnWatched(binDir, args, account);
    if (await isReady(server, pgdata)) return server;
    const log = server.log();
    const orphans = log.includes("pre-existing shared memory block");
    if (!orphans || performance.now() - started > ORPHANS_MS) throw await startFailure(log, pgdata);
    await sleep(100);
  }
}

/** False when the server ended instead. */
async function isReady(server: WatchedServer, pgdata: string): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!server.hasEnded()) {
    const postmaster = await readPostmaster(pgdata);
    if (postmaster?.pid === server.pid && postmaster.status === "ready") return true;
    if (performance.now() > deadline) {
      server.release();
      throw new RelataError(
        "STORE_UNAVAILABLE",
        `PostgreSQL on ${pgdata} was not ready after ${START_TIMEOUT_MS / 1000} s`,
        {
          detail: server.log(),
        },
      );
    }
    await Promise.race([server.ended, sleep(POLL_MS)]);
  }
  return false;
}

async function startFailure(log: string, pgdata: string): Promise<RelataError> {
  const postmaster = await readPostmaster(pgdata);
  if (log.includes("lock file") && postmaster !== undefined) return alreadyRunning(pgdata, postmaster.pid);
  const said = log.split("\n").filter((line) => /FATAL|DETAIL|error while loading|not found/.test(line));
  const reason = (said.length > 0 ? said : log.trim().split("\n").slice(-1)).map((line) =>
    line.replace(/^.*?(FATAL|DETAIL): +/, ""),
  );
  return new RelataError(
    "STORE_UNAVAILABLE",
    `PostgreSQL cannot start on ${pgdata}: ${reason.join("; ") || "it said nothing"}`,
    {
      detail: log,
    },
  );
}
