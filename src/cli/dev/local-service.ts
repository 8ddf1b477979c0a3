import { join } from "node:path";
import { RelataError } from "../../errors.ts";
import { createLogger } from "../../log.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../storage/embedded/launch.ts";
import { migrate } from "../../storage/postgres/migrate.ts";
import { startServer } from "../serve.ts";
import { type LocalIssuer, startLocalIssuer } from "./issuer.ts";
import { anyFreePort } from "./listen.ts";
import { localConfig } from "./local-config.ts";
import { keepTokenFiles, type TokenFiles } from "./token-files.ts";

export interface LocalServiceOptions {
  readonly dataDir: string;
  /** 0 takes any free port. */
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly issuerPort: number;
  /** False for data that is thrown away. */
  readonly durable: boolean;
  readonly now: () => number;
  /** Takes the service's warnings, JSON lines. */
  readonly logTo: { write(line: string): void };
}

/** A whole relata on this machine: PostgreSQL, an issuer, the service. */
export interface LocalService {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly issuer: LocalIssuer;
  readonly tokens: TokenFiles;
  /** Resolves with the end of its log when the database ends by itself. */
  readonly databaseEnded: Promise<string>;
  close(): Promise<void>;
}

/** Starts everything, or nothing: what was started before a failure is stopped again. */
export async function startLocalService(options: LocalServiceOptions): Promise<LocalService> {
  const { dataDir } = options;
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    const postgres = await startPostgres(options);
    closers.push(() => postgres.stop());
    await migrate({ connection: postgres.connection });
    const issuer = await startLocalIssuer({
      stateFile: join(dataDir, "issuer.json"),
      port: options.issuerPort,
      now: options.now,
    });
    closers.push(() => issuer.close());
    const tokens = await keepTokenFiles(dataDir, issuer);
    closers.push(() => tokens.stop());
    const { grpcPort } = options;
    const httpPort = options.httpPort === 0 ? await anyFreePort() : options.httpPort;
    const config = await localConfig({ dataDir, postgres, issuer, grpcPort, httpPort });
    const server = await startServer(config, {
      now: options.now,
      log: createLogger({ level: "warn", destination: options.logTo }),
      opsPort: false,
    });
    closers.push(() => server.close());
    return {
      grpcPort: server.grpcPort,
      httpPort: server.httpPort,
      issuer,
      tokens,
      databaseEnded: postgres.ended,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The launcher's advice is for a service that reads DATABASE_URL; this one brings its own database. */
async function startPostgres({ dataDir, durable }: LocalServiceOptions): Promise<EmbeddedPostgres> {
  try {
    return await startEmbeddedPostgres({ dataDir, durable });
  } catch (error) {
    if (!(error instanceof RelataError)) throw error;
    const message = error.message.replace("set DATABASE_URL", "use `relata serve` with a database of your own");
    throw new RelataError(error.reason, message, { cause: error, ...(error.detail && { detail: error.detail }) });
  }
}
