import type { Command } from "commander";
import { leaf, runs, type Shell } from "../command.ts";
import { type ConfigOptions, configFlags, configInput } from "../config-flags.ts";
import type { CliContext } from "../context.ts";
import { databaseFailure } from "../database-failure.ts";
import { badInput, type CliError, EXIT, type ExitCode } from "../exit.ts";
import { json, line } from "../output.ts";

interface Options extends ConfigOptions {
  readonly databaseUrl?: string;
  readonly grpcHost?: string;
  readonly grpcPort?: string;
  readonly httpHost?: string;
  readonly httpPort?: string;
  readonly logLevel?: string;
  readonly json?: boolean;
}

export function registerServe(parent: Command, shell: Shell): void {
  const command = leaf(parent, "serve", "run the service on a Postgres database")
    .option("--database-url <url>", "Postgres address of the application role (DATABASE_URL)")
    .option("--grpc-host <host>", "address the gRPC port listens on (RELATA_GRPC_HOST)")
    .option("--grpc-port <port>", "gRPC port (RELATA_GRPC_PORT)")
    .option("--http-host <host>", "address the HTTP port listens on (RELATA_HTTP_HOST)")
    .option("--http-port <port>", "HTTP port: Connect, gRPC-Web, JSON (RELATA_HTTP_PORT)")
    .option("--log-level <level>", "trace, debug, info, warn, error, fatal or silent (RELATA_LOG_LEVEL)")
    .addHelpText(
      "after",
      "\nEvery setting can stand in the configuration file or the environment; flags win over both.\nSIGTERM or Ctrl-C: no new requests, the running ones finish, then it ends with 0.",
    );
  runs<[], Options>(configFlags(command), shell, serve);
}

async function serve(context: CliContext, options: Options): Promise<ExitCode> {
  const stop = context.stop();
  // Loaded only here: the server and its libraries would slow every other command down.
  const { loadConfig } = await import("../../config.ts");
  const { startServer } = await import("../serve.ts");
  const config = loadConfig(
    configInput(context, options, {
      RELATA_DATABASE_URL: options.databaseUrl,
      RELATA_GRPC_HOST: options.grpcHost,
      RELATA_GRPC_PORT: options.grpcPort,
      RELATA_HTTP_HOST: options.httpHost,
      RELATA_HTTP_PORT: options.httpPort,
      RELATA_LOG_LEVEL: options.logLevel,
    }),
  );
  const server = await startServer(config, { now: context.now }).catch((error: unknown) => {
    throw listenFailure(error) ?? databaseFailure(error, config.databaseUrl);
  });
  const { grpcPort, httpPort } = server;
  if (options.json === true) json(context, { grpcPort, httpPort });
  else
    line(
      context.stderr,
      `relata serves gRPC on ${config.grpcHost}:${grpcPort} and HTTP on ${config.httpHost}:${httpPort}`,
    );
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
  return EXIT.ok;
}

/** grpc-js and node:net name the address in their own words; undefined when the error is about something else. */
function listenFailure(error: unknown): CliError | undefined {
  const message = error instanceof Error ? error.message : "";
  const said = /(?:listen E[A-Z]+|getaddrinfo E[A-Z]+|Name resolution failed)[^\]]*/.exec(message)?.[0];
  if (said === undefined) return undefined;
  const hint = "choose others with --grpc-host, --grpc-port, --http-host and --http-port";
  return badInput(`cannot listen: ${said}`, { hint, cause: error });
}
