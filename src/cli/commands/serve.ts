import type { Command } from "commander";
import type { Config } from "../../config.ts";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConfigOptions, configFlags, configInput } from "../config-flags.ts";
import type { CliContext } from "../context.ts";
import { databaseFailure } from "../database-failure.ts";
import { badInput, type CliError, EXIT, type ExitCode } from "../exit.ts";
import { json, line, table } from "../output.ts";
import { workerNumber } from "../workers/messages.ts";
import type { ServingPorts } from "../workers/serve-one.ts";

interface Options extends ConfigOptions {
  readonly databaseUrl?: string;
  readonly grpcHost?: string;
  readonly grpcPort?: string;
  readonly httpHost?: string;
  readonly httpPort?: string;
  readonly opsHost?: string;
  readonly opsPort?: string;
  readonly workers?: string;
  readonly logLevel?: string;
  readonly checkConfig?: boolean;
  readonly json?: boolean;
}

export function registerServe(parent: Command, shell: Shell): void {
  const command = leaf(parent, "serve", "run the service on a Postgres database")
    .option("--database-url <url>", "Postgres address of the application role (DATABASE_URL)")
    .option("--grpc-host <host>", "address the gRPC port listens on (RELATA_GRPC_HOST)")
    .option("--grpc-port <port>", "gRPC port (RELATA_GRPC_PORT)")
    .option("--http-host <host>", "address the HTTP port listens on (RELATA_HTTP_HOST)")
    .option("--http-port <port>", "HTTP port: Connect, gRPC-Web, JSON (RELATA_HTTP_PORT)")
    .option("--ops-host <host>", "address the operations port listens on (RELATA_OPS_HOST)")
    .option("--ops-port <port>", "operations port: metrics, readiness (RELATA_OPS_PORT)")
    .option("--workers <n>", "processes behind the same ports (RELATA_WORKERS)")
    .option("--log-level <level>", "trace, debug, info, warn, error, fatal or silent (RELATA_LOG_LEVEL)")
    .option("--check-config", "print every setting as it takes effect, without secrets, and serve nothing")
    .addHelpText(
      "after",
      "\nEvery setting can stand in the configuration file or the environment; flags win over both.\nSIGTERM or Ctrl-C: no new requests, the running ones finish, then it ends with 0.",
    );
  runs<[], Options>(configFlags(command), shell, serve);
}

async function serve(context: CliContext, options: Options): Promise<ExitCode> {
  // Loaded only here: the server and its libraries would slow every other command down.
  const { loadConfig } = await import("../../config.ts");
  const config = loadConfig(
    configInput(context, options, {
      RELATA_DATABASE_URL: options.databaseUrl,
      RELATA_GRPC_HOST: options.grpcHost,
      RELATA_GRPC_PORT: options.grpcPort,
      RELATA_HTTP_HOST: options.httpHost,
      RELATA_HTTP_PORT: options.httpPort,
      RELATA_OPS_HOST: options.opsHost,
      RELATA_OPS_PORT: options.opsPort,
      RELATA_WORKERS: options.workers,
      RELATA_LOG_LEVEL: options.logLevel,
    }),
  );
  if (options.checkConfig === true) {
    const { configRows, configToJson } = await import("../config-text.ts");
    if (options.json === true) json(context, configToJson({ ...config }));
    else line(context.stdout, table(configRows({ ...config })));
    return EXIT.ok;
  }
  const stop = context.stop();
  const number = workerNumber(context.env);
  const isPrimary = config.workers > 1 && number === undefined;
  const starting = isPrimary
    ? import("../workers/serve-workers.ts").then(({ serveWorkers }) => serveWorkers(config, stop))
    : import("../workers/serve-one.ts").then(({ serveOne }) => serveOne(config, { now: context.now, worker: number }));
  const server = await starting.catch((error: unknown) => {
    throw listenFailure(error) ?? databaseFailure(error, config.databaseUrl);
  });
  // A worker that could not start has said why.
  if ("exit" in server) return server.exit;
  if (number === undefined) announce(context, config, server, options.json === true);
  await aborted(AbortSignal.any([stop, ...(server.stop === undefined ? [] : [server.stop])]));
  await server.close();
  return EXIT.ok;
}

function announce(context: CliContext, config: Config, ports: ServingPorts, asJson: boolean): void {
  const { grpcPort, httpPort, opsPort } = ports;
  if (asJson) json(context, { grpcPort, httpPort, opsPort });
  else
    line(
      context.stderr,
      `relata serves gRPC on ${config.grpcHost}:${grpcPort} and HTTP on ${config.httpHost}:${httpPort}, with operations on ${config.opsHost}:${opsPort}`,
    );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** grpc-js and node:net name the address in their own words; undefined when the error is about something else. */
function listenFailure(error: unknown): CliError | undefined {
  const message = error instanceof Error ? error.message : "";
  const said = /(?:listen E[A-Z]+|getaddrinfo E[A-Z]+|Name resolution failed)[^\]]*/.exec(message)?.[0];
  if (said === undefined) return undefined;
  const hint = "choose others with --grpc-port, --http-port, --ops-port and --grpc-host and so on";
  return badInput(`cannot listen: ${said}`, { hint, cause: error });
}
